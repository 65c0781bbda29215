<?php
// Laravel's routes, and a folder of the same name.
Route::post('/prompt', [ComfyController::class, 'prompt']);
Route::get('/history/{id}', fn ($id) => view('history'));
include __DIR__ . '/prompt/index.php';
echo 'http://localhost:8188/view';
