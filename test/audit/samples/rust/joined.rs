use reqwest::{Client, Url};

pub struct Comfy {
    base_url: Url,
    http: Client,
}

impl Default for Comfy {
    fn default() -> Self {
        Self { base_url: Url::parse("http://localhost:8188").expect("an address"), http: Client::new() }
    }
}

impl Comfy {
    pub async fn history(&self, id: &str) -> anyhow::Result<reqwest::Response> {
        Ok(self.http.get(self.base_url.join(&format!("history/{id}"))?).send().await?)
    }

    pub async fn submit(&self, graph: serde_json::Value) -> anyhow::Result<reqwest::Response> {
        Ok(self.http.post(self.base_url.join("prompt")?).json(&graph).send().await?)
    }
}
