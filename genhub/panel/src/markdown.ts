/** Pictures for pages that write Markdown in a <textarea>. */

import type { Inserted } from "./types";

/** Put a picture where the writer is. */
export function insertMarkdown(field: HTMLTextAreaElement, { url, alt, label }: Inserted): void {
  const text = `![${escape(alt)}](${encodeURI(url)} "${escape(label)}")`;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Return words that end neither the brackets nor the quotes that they stand in. */
export function escape(text: string): string {
  return text.replace(/[\\[\]"`<>]/g, "\\$&").replace(/\s+/g, " ");
}
