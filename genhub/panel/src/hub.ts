/** The hub's API, asked with a browser token. */

import type { Tokens } from "./tokens";

export interface FieldError {
  field: string;
  code: string;
  message: string;
}

/** The hub said no; its words are in the reader's language. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    readonly errors: FieldError[],
    readonly retryAfterSeconds: number | null,
  ) {
    super(detail);
  }
}

/** Nobody answered, or something before the hub did. */
export class Unreachable extends Error {}

export interface Traffic {
  method: string;
  address: string;
  body: unknown;
  status: number;
  answer: unknown;
}

/** What the hub says by itself, of a task that somebody watches. */
export interface News {
  address: string;
  id: string;
  event: string;
  data: unknown;
}

export interface Asked {
  method?: string;
  /** Sent as JSON, but for a file. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export class Hub {
  constructor(
    readonly base: string,
    private readonly tokens: Tokens,
    private readonly language: string,
    private readonly note: (traffic: Traffic) => void,
    private readonly hear: (news: News) => void,
  ) {}

  /** Tell the page what came by a stream. */
  pass(path: string, news: Omit<News, "address">): void {
    this.hear({ ...news, address: new URL(path, this.base).href });
  }

  /** Answer JSON. */
  async read<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.ask(path, { signal })).json();
  }

  /** Send JSON; with a key the same again makes nothing twice. */
  async send<T>(path: string, body: unknown, key = "", method = "POST"): Promise<T> {
    const headers: Record<string, string> = key ? { "Idempotency-Key": key } : {};
    return (await this.ask(path, { method, body, headers })).json();
  }

  /** Return an answer that is no refusal; a token that has ended is renewed once. */
  async ask(path: string, words: Asked = {}): Promise<Response> {
    const token = await this.tokens.current();
    let answer = await this.fetch(path, words, token);
    if (answer.status === 401) {
      await this.tokens.drop(token);
      answer = await this.fetch(path, words, await this.tokens.current());
    }
    this.tell(path, words, answer);
    if (!answer.ok) throw await readRefusal(answer);
    return answer;
  }

  private async fetch(path: string, words: Asked, token: string): Promise<Response> {
    const isFile = words.body instanceof Blob;
    const headers: Record<string, string> = {
      Authorization: `Bearer ${token}`,
      "Accept-Language": this.language,
      ...words.headers,
    };
    if (words.body !== undefined) {
      headers["Content-Type"] = isFile ? (words.body as Blob).type : "application/json";
    }
    const body = isFile ? (words.body as Blob) : words.body && JSON.stringify(words.body);
    try {
      return await fetch(new URL(path, this.base), {
        method: words.method ?? "GET",
        credentials: "omit",
        headers,
        body: (body as BodyInit | undefined) ?? null,
        signal: words.signal ?? null,
      });
    } catch (error) {
      if (words.signal?.aborted) throw error;
      throw new Unreachable(String(error));
    }
  }

  private tell(path: string, words: Asked, answer: Response): void {
    if (!isJson(answer)) return;
    const { method = "GET", body } = words;
    const said = { method, address: new URL(path, this.base).href, status: answer.status };
    const copy = answer.clone();
    void copy.json().then((read: unknown) => this.note({ ...said, body, answer: read }), () => undefined);
  }
}

function isJson(answer: Response): boolean {
  return /\bjson\b/.test(answer.headers.get("Content-Type") ?? "");
}

async function readRefusal(answer: Response): Promise<Error> {
  if (!isJson(answer)) return new Unreachable(`${answer.status}`);
  const body = (await answer.json()) as {
    code?: string; title?: string; detail?: string; errors?: FieldError[];
  };
  const after = Number(answer.headers.get("Retry-After") ?? NaN);
  return new Refusal(
    answer.status,
    body.code ?? "",
    body.title ?? "",
    body.detail ?? "",
    body.errors ?? [],
    Number.isFinite(after) ? after : null,
  );
}

/** Return whether the same request may well succeed in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof Refusal && (error.status >= 500 || error.code === "idempotency_key_in_use");
}

export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
