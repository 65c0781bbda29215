import { writeFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { EngineRig } from "./test/engine/support";
import { LIVED_IN_SEED } from "./sandbox/seeds/lived-in";
import { adopt, readPlan } from "./src/adopt/adopt";
import { sandboxedAdoption } from "./src/adopt/open";
import { proofText, toText } from "./src/adopt/render";

async function main() {
  const rig = await EngineRig.open({ seed: LIVED_IN_SEED });
  const file = join(rig.dir, "Pulumi.dev.yaml");
  await writeFile(file, `# ours
config:
  comfyui-access:accountId: 0123456789abcdef0123456789abcdef
  comfyui-access:zone: datacrew.space # the zone
  comfyui-access:teamName: datacrew
  comfyui-access:protectTokens: "false"
  comfyui-access:applications:
    - hostname: comfyui.datacrew.space
  comfyui-access:alerts: { emails: [ops@datacrew.space] }
`);
  const open = await sandboxedAdoption(rig.session, "dev", file);
  const plan = await readPlan(open, { take: new Set(), convertInline: false });
  console.log(toText(plan, open.environment, plan.config.accountId));
  if (process.argv[2] === "apply") {
    const r = await adopt(open, { choices: { take: new Set(), convertInline: true }, confirm: async () => true, log: console.log });
    console.log(r.proof, proofText(r.proof!, "dev"));
    console.log(await readFile(file, "utf8"));
    const plan2 = await readPlan(open, { take: new Set(), convertInline: false });
    console.log(toText(plan2, open.environment, plan2.config.accountId));
    const up = await rig.up();
    console.log(up.code, up.stdout, up.stderr);
    const plan3 = await readPlan(open, { take: new Set(), convertInline: false });
    console.log(toText(plan3, open.environment, plan2.config.accountId));
    console.log((await rig.run(["destroy", "--yes", "--skip-preview"])).stdout);
  }
  await rig.close();
}
main().catch((e) => { console.error(e); process.exit(1); });
