/** Types of the project's components, as their URNs have them: another one would make a stack's resources anew. */
export const COMPONENTS = {
  login: "comfyui-access:components:GoogleIdentityProvider",
  application: "comfyui-access:components:AccessApplication",
  tunnel: "comfyui-access:components:Tunnel",
  ingress: "comfyui-access:components:TunnelIngress",
  store: "comfyui-access:components:SecretStore",
  alerts: "comfyui-access:components:ExpiryAlert",
} as const;

/** Pulumi's types of the stack's resources outside of Cloudflare. */
export const AROUND = {
  tunnelSecret: "random:index/randomBytes:RandomBytes",
  googleApi: "gcp:projects/service:Service",
  secret: "gcp:secretmanager/secret:Secret",
  secretVersion: "gcp:secretmanager/secretVersion:SecretVersion",
  secretReader: "gcp:secretmanager/secretIamMember:SecretIamMember",
} as const;
