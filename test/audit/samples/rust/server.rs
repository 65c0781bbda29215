//! Serves routes under ComfyUI's names; asks nobody.
use axum::{routing::{get, post}, Router};

#[actix_web::post("/prompt")]
async fn prompt() -> &'static str { "comfy" }

pub fn app() -> Router {
    Router::new().route("/prompt", post(prompt)).route("/history", get(prompt))
}
