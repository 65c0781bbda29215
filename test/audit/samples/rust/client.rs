use futures_util::StreamExt;
use reqwest::header::{HeaderMap, HeaderValue};
use std::env;
use tokio_tungstenite::connect_async;

const PUBLIC: &str = "https://comfyui.datacrew.space";

pub struct Comfy {
    base: String,
    http: reqwest::Client,
}

impl Comfy {
    pub fn from_env() -> Self {
        let base = env::var("COMFYUI_URL").unwrap_or_else(|_| "http://127.0.0.1:8188".to_string());
        Self { base, http: reqwest::Client::new() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{}", self.base.trim_end_matches('/'), path)
    }

    pub async fn submit(&self, graph: &serde_json::Value) -> reqwest::Result<reqwest::Response> {
        self.http.post(self.url("/prompt")).json(graph).send().await
    }

    pub async fn history(&self, id: &str) -> reqwest::Result<reqwest::Response> {
        self.http.get(format!("{base}/history/{id}", base = self.base)).send().await
    }
}

fn guarded() -> reqwest::Client {
    let mut headers = HeaderMap::new();
    headers.insert("CF-Access-Client-Id", HeaderValue::from_str(&env::var("CF_ID").unwrap()).unwrap());
    headers.insert("CF-Access-Client-Secret", HeaderValue::from_str(&env::var("CF_SECRET").unwrap()).unwrap());
    reqwest::Client::builder().default_headers(headers).build().unwrap()
}

pub async fn stats() -> reqwest::Result<reqwest::Response> {
    let client = guarded();
    client.get(format!("{PUBLIC}/system_stats")).send().await
}

pub async fn queue(token: &str) -> reqwest::Result<reqwest::Response> {
    reqwest::Client::new().get(PUBLIC.to_owned() + "/queue").bearer_auth(token).send().await
}

pub async fn view(name: &str) -> reqwest::Result<reqwest::Response> {
    reqwest::get(format!("{}/view?filename={}", PUBLIC, name)).await
}

pub async fn watch() {
    let (mut socket, _) = connect_async("wss://comfyui.datacrew.space/ws?clientId=rust").await.unwrap();
    println!("watching {:?} at http://127.0.0.1:8188/view", socket.next().await);
}
