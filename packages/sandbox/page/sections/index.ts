import type { Store } from "../../account/store";
import type { Markup } from "../words";
import { applicationsSection } from "./applications";
import { identityProvidersSection } from "./identity-providers";
import { tokensSection } from "./tokens";
import { tunnelsSection } from "./tunnels";

/** The parts of the page that show the state, in the order in which they stand. */
const SECTIONS: readonly { id: string; title: string; render: (store: Store) => Markup }[] = [
  { id: "applications", title: "Applications", render: applicationsSection },
  { id: "tunnels", title: "Tunnels", render: tunnelsSection },
  { id: "tokens", title: "Service tokens", render: tokensSection },
  { id: "identity-providers", title: "Identity providers", render: identityProvidersSection },
];

/** A part of the page as it is now. */
export interface RenderedSection {
  id: string;
  title: string;
  /** HTML, safe to be put into the page as it is. */
  html: string;
}

/** Renders all parts from the sandbox's state. */
export function renderSections(store: Store): Promise<RenderedSection[]> {
  return Promise.all(
    SECTIONS.map(async ({ id, title, render }) => ({ id, title, html: String(await render(store)) })),
  );
}
