import * as pulumi from "@pulumi/pulumi";
import { type Fields, fieldsOf, textOf } from "../base/json-values";

/** A resource of the stack as it was last written; secrets are in the clear, so it is neither shown nor kept. */
export interface LastResource {
  urn: string;
  type: string;
  outputs: Fields;
}

/** Reads the stack's own resources as they were last written. */
export type ReadState = () => Promise<readonly LastResource[]>;

let read: Promise<LastResource[]> | undefined;

/** What the engine has of this very stack, asked for once: it decrypts every secret. */
export function lastState(): Promise<LastResource[]> {
  read ??= readLastState();
  return read;
}

async function readLastState(): Promise<LastResource[]> {
  const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName,
  });
  return Object.entries(fieldsOf(fieldsOf(answer)["outputs"])).map(([urn, resource]) => {
    const { type, outputs } = fieldsOf(resource);
    return { urn, type: textOf(type) ?? "", outputs: fieldsOf(outputs) };
  });
}
