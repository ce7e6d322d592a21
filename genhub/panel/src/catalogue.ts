/** What can be ordered, and what this user usually orders. */

import type { Hub } from "./hub";
import type { Model, Phrase, Preferences, Style, Suggested, Template } from "./types";

export interface Catalogue {
  models: Model[];
  styles: Style[];
  templates: Template[];
  phrases: Phrase[];
  usual: Preferences;
  suggested: Suggested;
}

/** Read it all at once: pictures only. */
export async function readCatalogue(hub: Hub): Promise<Catalogue> {
  const list = async <T>(path: string): Promise<T[]> => (await hub.read<{ items: T[] }>(path)).items;
  const [models, styles, templates, phrases, usual, suggestions] = await Promise.all([
    list<Model>("models"),
    list<Style>("styles"),
    list<Template>("templates"),
    list<Phrase>("phrases"),
    hub.read<Preferences>("me/preferences"),
    hub.read<{ yours: Suggested }>("me/suggestions"),
  ]);
  return {
    models: models.filter(({ media_types }) => media_types.includes("image")),
    styles,
    templates: templates.filter(({ media_type }) => media_type === "image"),
    phrases,
    usual,
    suggested: suggestions.yours,
  };
}
