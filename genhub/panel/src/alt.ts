/** Words for those who do not see a picture, made of what was ordered. */

import type { Phrase, Task } from "./types";

const LONGEST_ALT = 125;
const BETWEEN = /[,，、;；\n]+/;

/** Return what a picture shows: the subject of its prompt without phrases of quality, else its template's name. */
export function describe(task: Task, phrases: Phrase[]): string {
  const prompt = promptOf(task);
  const known = new Set(phrases.flatMap(({ text_en, text_zh }) => [text_en, text_zh]).map(bare));
  const parts = prompt.split(BETWEEN).map((part) => part.trim()).filter((part) => part && !known.has(bare(part)));
  const mark = /[\u3400-\u9fff]/.test(prompt) ? "，" : ", ";
  const subject = parts.join(mark) || task.template?.name || prompt;
  return cut(subject);
}

/** Return the words that the editor wrote, not those that styles and templates added. */
export function promptOf(task: Task): string {
  return wordsOf(task)?.prompt ?? task.prompt;
}

/** Return the order as this panel sent it, or null for orders of others. */
export function wordsOf(task: Task): import("./types").Order | null {
  const kept = task.metadata["order"];
  if (typeof kept !== "string") return null;
  try {
    return JSON.parse(kept) as import("./types").Order;
  } catch {
    return null;
  }
}

function bare(text: string): string {
  return text.trim().toLowerCase();
}

function cut(text: string): string {
  const signs = [...text];
  if (signs.length <= LONGEST_ALT) return text;
  const start = signs.slice(0, LONGEST_ALT - 1).join("");
  const space = start.lastIndexOf(" ");
  return `${space > LONGEST_ALT / 2 ? start.slice(0, space) : start}…`;
}
