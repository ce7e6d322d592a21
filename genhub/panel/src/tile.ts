/** One place of an order: a picture that is awaited, drawn, or was made of another. */

import type { Context } from "./context";
import { icon, iconButton, make } from "./dom";
import type { Selection } from "./selection";
import type { Shown } from "./types";

export interface Deeds {
  enlarge(shown: Shown): void;
  edit(shown: Shown): void;
}

/** Return a place that waits for its picture, and what shows how far it is. */
export function awaitTile(): { element: HTMLElement; tell: (progress: number, preview: string | null) => void } {
  const bar = make("progress", { max: 100, value: 0, "aria-hidden": "true" });
  const image = make("img", { alt: "", hidden: true });
  const element = make("li", { class: "tile awaited" }, image, icon("spark"), bar);
  const tell = (progress: number, preview: string | null): void => {
    bar.value = Math.round(100 * progress);
    if (preview) {
      if (image.src) URL.revokeObjectURL(image.src);
      image.src = toAddress(preview);
      image.hidden = false;
    }
  };
  return { element, tell };
}

/** Return a picture that can be selected, enlarged and edited. */
export function drawTile(
  shown: Shown, context: Context, selection: Selection, deeds: Deeds,
): HTMLElement {
  const { say, pictures, reviews, complain } = context;
  const name = `${say("pictureNumber", { number: shown.position + 1 })}: ${shown.alt}`;
  const image = make("img", { alt: name, dblclick: () => deeds.enlarge(shown) });
  const box = make("input", {
    type: "checkbox", "aria-label": say("select", { name }), checked: selection.has(shown),
    change: () => selection.set(shown, box.checked),
  });
  selection.listen(() => { box.checked = selection.has(shown); }, image);
  pictures.show(image, shown.id, complain);
  const standing = make("p", { class: "standing", hidden: true });
  const tile = make("li", { class: "tile" },
    make("label", { class: "pick" }, box, image),
    standing,
    shown.isEdited && make("span", { class: "badge" }, say("edited")),
    make("div", { class: "deeds" },
      drawStar(shown, context),
      iconButton("enlarge", say("enlarge"), () => deeds.enlarge(shown)),
      iconButton("edit", say("edit"), () => deeds.edit(shown))));
  reviews.watch(shown.id, shown.review, tile, (review) => {
    standing.hidden = !review || review.state === "approved";
    standing.dataset["state"] = review?.state ?? "";
    standing.textContent = review?.state === "rejected"
      ? [say("rejected"), review.reason].filter(Boolean).join(": ") : say("waits");
  });
  return tile;
}

/** Return the button that makes a picture a favourite, or one of many again. */
function drawStar(shown: Shown, { hub, say, complain }: Context): HTMLElement {
  const star = iconButton("star", say("favourite"), () => void toggle());
  const look = (): void => star.setAttribute("aria-pressed", String(shown.favourite));
  const toggle = async (): Promise<void> => {
    const wanted = !shown.favourite;
    try {
      await hub.ask(`artifacts/${shown.id}/favourite`, { method: wanted ? "PUT" : "DELETE" });
      shown.favourite = wanted;
      look();
    } catch (error) {
      complain(error);
    }
  };
  look();
  return star;
}

/** Return a place whose picture was not made, with the cause. */
export function missTile(cause: string): HTMLElement {
  return make("li", { class: "tile missed" }, make("p", {}, cause));
}

/** Return a data URI as an address of a blob: the one kind that a page's policy must allow for the panel. */
function toAddress(address: string): string {
  const [head = "", data = ""] = address.split(",");
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const type = /data:([^;]*)/.exec(head)?.[1] ?? "image/jpeg";
  return URL.createObjectURL(new Blob([bytes], { type }));
}
