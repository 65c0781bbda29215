<?php

use GuzzleHttp\Client;

define('COMFY_PUBLIC', 'https://comfyui.datacrew.space');

final class ComfyClient
{
    private string $base;
    private Client $guzzle;

    public function __construct(private array $login = [])
    {
        $this->base = rtrim(getenv('COMFYUI_URL') ?: 'http://127.0.0.1:8188', '/');
        $this->guzzle = new Client([
            'base_uri' => COMFY_PUBLIC,
            'headers' => [
                'CF-Access-Client-Id' => getenv('CF_ACCESS_CLIENT_ID'),
                'CF-Access-Client-Secret' => getenv('CF_ACCESS_CLIENT_SECRET'),
            ],
        ]);
    }

    public function submit(array $graph): string
    {
        $handle = curl_init("{$this->base}/prompt");
        curl_setopt($handle, CURLOPT_POSTFIELDS, json_encode(['prompt' => $graph]));
        return curl_exec($handle);
    }

    public function stats(): string
    {
        return (string) $this->guzzle->get('/system_stats')->getBody();
    }

    public function queue(): string
    {
        $handle = curl_init();
        curl_setopt($handle, CURLOPT_URL, COMFY_PUBLIC . '/queue');
        curl_setopt($handle, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . $this->login['token']]);
        return curl_exec($handle);
    }

    public function history(string $id): string
    {
        return file_get_contents(sprintf('%s/history/%s', COMFY_PUBLIC, $id));
    }
}
