import { randomFrom } from "../support/random";
import { type Call, KINDS, type Kind } from "./api-objects";

/** What a writer was told of an object of its own: its latest version, or that it is gone. */
export interface Known {
  kind: Kind;
  id: string;
  said: string | undefined;
}

/** Writes objects of its own, one call after the other, and remembers each that was answered as done. */
export class Writer {
  readonly known: Known[] = [];
  /** Answers that are not the ones due. */
  readonly wrong: string[] = [];
  /** Calls that were answered. */
  answered = 0;
  /** The call that is under way and may have been done or not. */
  pending: { method: string; said?: string; id?: string } | undefined;
  private readonly random: () => number;
  private made = 0;

  constructor(
    private readonly call: Call,
    private readonly name: string,
    seed: number,
  ) {
    this.random = randomFrom(seed);
  }

  /** Until so many calls are answered. Rejects when one is not. */
  async run(calls: number): Promise<void> {
    while (this.answered < calls) await this.step();
  }

  private async step(): Promise<void> {
    const alive = this.known.filter(({ said }) => said !== undefined);
    const chosen = alive[Math.floor(this.random() * alive.length)];
    const what = this.random();
    if (chosen === undefined || what < 0.4) await this.create();
    else if (what < 0.8) await this.change(chosen);
    else await this.remove(chosen);
    this.answered += 1;
    this.pending = undefined;
  }

  private async create(): Promise<void> {
    const kinds = Object.values(KINDS);
    const kind = kinds[Math.floor(this.random() * kinds.length)] as Kind;
    this.made += 1;
    const body = kind.body(`${this.name}-${this.made}`, 1);
    this.pending = { method: "POST", said: `${this.name}-${this.made}-v1` };
    const answer = await this.call("POST", kind.path, body);
    if (!answer.success) return this.note("POST", kind, answer);
    const said = this.saidBy(kind, answer.result);
    if (said !== `${this.name}-${this.made}-v1`) this.wrong.push(`POST ${kind.path}: answered ${said}`);
    this.known.push({ kind, id: answer.result.id, said });
  }

  private async change(known: Known): Promise<void> {
    const [name = "", version] = (known.said ?? "").split("-v");
    const said = `${name}-v${Number(version) + 1}`;
    this.pending = { method: known.kind.change, said, id: known.id };
    const { kind } = known;
    const answer = await this.call(
      kind.change,
      `${kind.path}/${known.id}`,
      kind.body(name, Number(version) + 1),
    );
    if (!answer.success) return this.note(kind.change, kind, answer);
    known.said = this.saidBy(kind, answer.result);
    if (known.said !== said) this.wrong.push(`${kind.change} ${kind.path}: ${known.said} instead of ${said}`);
  }

  private async remove(known: Known): Promise<void> {
    this.pending = { method: "DELETE", id: known.id };
    const answer = await this.call("DELETE", `${known.kind.path}/${known.id}`);
    if (!answer.success) return this.note("DELETE", known.kind, answer);
    known.said = undefined;
  }

  private saidBy(kind: Kind, object: unknown): string {
    const said = kind.said(object);
    if (new Set(said).size > 1) this.wrong.push(`torn: ${said.join(" and ")}`);
    return said[0] ?? "";
  }

  private note(method: string, { path }: Kind, answer: unknown): void {
    this.wrong.push(`${method} ${path}: ${JSON.stringify(answer)}`);
  }
}

/** Every object of a kind, page by page; tells what is wrong with the pages. */
export async function readAll(
  call: Call,
  kind: Kind,
  perPage: number,
): Promise<{ objects: unknown[]; wrong: string[] }> {
  const wrong: string[] = [];
  const ids = new Set<string>();
  const objects: unknown[] = [];
  for (let page = 1; ; page += 1) {
    const answer = await call("GET", `${kind.path}?page=${page}&per_page=${perPage}`);
    if (!answer.success) return { objects, wrong: [...wrong, `GET ${kind.path}: ${answer.status}`] };
    const items = answer.result as { id: string }[];
    for (const item of items) {
      if (ids.has(item.id)) wrong.push(`${kind.path}: ${item.id} is there twice`);
      ids.add(item.id);
      objects.push(item);
    }
    if (items.length > perPage) wrong.push(`${kind.path}: ${items.length} on a page of ${perPage}`);
    if (page >= (answer.result_info?.total_pages ?? 0)) return { objects, wrong };
  }
}

/** What the account has otherwise than its writers were told; a call that was not answered may count either way. */
export async function differences(call: Call, writers: readonly Writer[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, kind] of Object.entries(KINDS)) {
    const read = await readAll(call, kind, 50);
    wrong.push(...read.wrong);
    const there = new Map(
      (read.objects as { id: string; deleted_at?: string | null }[])
        // A tunnel that was deleted is still listed, with its time.
        .filter(({ deleted_at: at }) => at == null)
        .map((object) => [object.id, kind.said(object)[0]]),
    );
    for (const { known, pending } of writers) {
      for (const { id, said, kind: its } of known) {
        if (its !== kind) continue;
        const now = there.get(id);
        there.delete(id);
        const unanswered =
          pending?.id === id && (pending.method === "DELETE" ? now === undefined : now === pending.said);
        if (now !== said && !unanswered)
          wrong.push(`${name} ${id}: ${now ?? "gone"}, answered was ${said ?? "gone"}`);
      }
    }
    const begun = new Set(
      writers.flatMap(({ pending }) => (pending?.method === "POST" ? [pending.said] : [])),
    );
    for (const [id, said] of there) {
      if (/^w\d+-/.test(said ?? "") && !begun.has(said))
        wrong.push(`${name} ${id}: ${said}, which nobody was answered`);
    }
  }
  return wrong;
}
