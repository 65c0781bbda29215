const GOOGLE_LOGINS: ReadonlySet<string> = new Set(["google", "google-apps"]);

/** Whether people log in with their Google account by an identity provider of this type: anybody's, or a Workspace's. */
export const isGoogleLogin = (type: string): boolean => GOOGLE_LOGINS.has(type);
