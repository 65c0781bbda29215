import { type GitHub, GitHubError } from "#github-api";
import { readMarker, standing } from "#marker";
import { type Comment, render, tooLong } from "#render";

interface IssueComment {
  id: number;
  body?: string | null;
  user: { login: string } | null;
}

/** What became of a comment. */
type Published = "created" | "updated" | "identical" | "left" | "refused" | "shortened";

/** On which pull request, and as whom. */
interface Place {
  pull: number;
  /** Login that writes the comments: only its own are ever touched. */
  author: string;
  /** True while the pull request is open: a result for an older commit is then marked as such. */
  followsHead: boolean;
}

/**
 * Puts a comment on the pull request, or in the place of the earlier one of the same stack.
 *
 * @returns `left` when a newer run's comment stands, `refused` when the token may only read (a fork's, Dependabot's)
 */
export async function publish(github: GitHub, comment: Comment, place: Place): Promise<Published> {
  const existing = await find(github, comment, place);
  const judged = place.followsHead ? await judge(github, comment, existing, place.pull) : comment;
  if (judged === undefined) return "left";
  const body = render(judged);
  if (existing?.body === body) return "identical";
  try {
    await write(github, body, existing, comment, place);
    return existing === undefined ? "created" : "updated";
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    if (error.status === 403) return "refused";
    if (error.status !== 422) throw error;
    // Too long by a count that we do not know: the least that can be said is better than an old comment.
    await write(github, tooLong(judged), existing, comment, place);
    return "shortened";
  }
}

/** The comment as it may be written now; undefined when it may not. */
async function judge(
  github: GitHub,
  comment: Comment,
  existing: IssueComment | undefined,
  pull: number,
): Promise<Comment | undefined> {
  const { head } = await github.get<{ head: { sha: string } }>(`/pulls/${pull}`);
  const verdict = standing(comment.marker, readMarker(existing?.body ?? ""), head.sha);
  if (verdict === "leave") return undefined;
  if (verdict === "write") return comment;
  return { ...comment, head: head.sha, marker: { ...comment.marker, state: "stale" } };
}

/** The first comment with this stack's marker by our own login; anybody can copy the marker. */
async function find(github: GitHub, { marker }: Comment, place: Place): Promise<IssueComment | undefined> {
  const all = await github.all<IssueComment>(`/issues/${place.pull}/comments?per_page=100`);
  return all.find(({ user, body }) => {
    return user?.login === place.author && readMarker(body ?? "")?.key === marker.key;
  });
}

async function write(
  github: GitHub,
  body: string,
  existing: IssueComment | undefined,
  comment: Comment,
  place: Place,
): Promise<void> {
  if (existing !== undefined) {
    await github.patch(`/issues/comments/${existing.id}`, { body });
    return;
  }
  await github.post(`/issues/${place.pull}/comments`, { body }, () => find(github, comment, place));
}
