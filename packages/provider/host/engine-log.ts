import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Speaks to the engine that runs this provider, to show the user messages beside a resource. */
export class EngineLog {
  private client: EngineClient | undefined;

  /** @param address host:port of the engine, as it hands it over when it starts or attaches */
  connect(address: string): void {
    this.close();
    if (address !== "") this.client = new EngineClient(address, credentials.createInsecure());
  }

  /** Shows a warning; without an engine, or with one that has gone, it is dropped: a message is no reason to fail. */
  async warn(urn: string, message: string): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    const request = new LogRequest().setSeverity(LogSeverity.WARNING).setMessage(message).setUrn(urn);
    await new Promise<void>((resolve) => client.log(request, () => resolve()));
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }
}
