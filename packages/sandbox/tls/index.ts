export { type CertificateAuthority, createCertificateAuthority } from "./certificate-authority";
