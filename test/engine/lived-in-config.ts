/** A stack file for `adopt` on the lived-in account: what adopt finds there is all that this leaves out. */
export const LIVED_IN_CONFIG = `config:
  comfyui-access:accountId: 0123456789abcdef0123456789abcdef
  comfyui-access:zone: datacrew.space
  comfyui-access:teamName: datacrew
  comfyui-access:protectTokens: "false"
  comfyui-access:applications:
    - hostname: comfyui.datacrew.space
`;
