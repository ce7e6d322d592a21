/** What the hub answers, as far as the panel reads it. Sizes are pixels, times seconds, money whole credits. */

export interface Size {
  width: number;
  height: number;
}

export interface Drawing extends Size {
  cfg_scale: number;
  steps: number;
}

export interface Model {
  alias: string;
  is_default: boolean;
  media_types: string[];
  default: Drawing;
  modes: Record<string, Drawing>;
  sizes: Size[];
  smallest_side: number;
  largest_side: number;
  side_multiple: number;
  longest_prompt: number;
  unsupported: string[];
}

/** The part of JSON Schema in which templates say what they ask for. */
export interface Field {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

export interface Template {
  code: string;
  name: string;
  media_type: string;
  price: number | null;
  /** A small picture of what it makes. */
  example_url: string | null;
  parameters: { properties?: Record<string, Field>; required?: string[] };
}

export interface Style {
  code: string;
  name: string;
}

export interface Phrase {
  purpose: string;
  text: string;
  text_en: string;
  text_zh: string;
}

export interface Suggested {
  style_preset: string[];
  template: string[];
  size: Size[];
}

export type Preferences = Partial<Order>;

/** An order's body. */
export interface Order {
  prompt?: string;
  template?: string | null;
  parameters?: Record<string, unknown>;
  model?: string | null;
  num_images?: number | null;
  width?: number | null;
  height?: number | null;
  mode?: string | null;
  style_preset?: string | null;
  negative_prompt?: string | null;
  seed?: number;
  image?: string;
  strength?: number;
  cache?: string;
  metadata?: Record<string, unknown>;
}

export interface Quote {
  price: number;
  available: number | null;
  refusal: string | null;
  usual_seconds?: number | null;
}

export interface Failure {
  code: string;
  message: string;
  title: string;
}

export interface Queue {
  position: number;
  starts_in_seconds: number | null;
  is_least: boolean;
}

/** Where staff stand with publishing a picture; null where nobody asks them. */
export interface Review {
  state: "waiting" | "approved" | "rejected";
  reason: string | null;
}

export interface Image extends Size {
  id: string;
  url: string;
  seed: number | null;
  review: Review | null;
  /** What it shows, for those who do not see it. */
  alt: string;
  /** The same, saying that a model made it. */
  caption: string;
  favourite: boolean;
}

/** A picture that the user likes, as the list of these tells of it. */
export interface Favourite extends Image {
  task_id: string | null;
  edited: boolean;
}

export interface Task extends Size {
  id: string;
  status: "pending" | "processing" | "completed" | "failed" | "canceled";
  message: string;
  progress: number;
  prompt: string;
  num_images: number;
  template: { code: string; name: string } | null;
  metadata: Record<string, unknown>;
  error: Failure | null;
  queue?: Queue | null;
  preview?: string | null;
  credits: { price: number; captured: number };
  result: { images: Image[]; errors: (Failure & { position: number })[] } | null;
}

/** A picture that the panel shows: delivered, or edited here. */
export interface Shown extends Size {
  id: string;
  url: string;
  position: number;
  task: Task;
  isEdited: boolean;
  seed: number | null;
  review: Review | null;
  alt: string;
  caption: string;
  favourite: boolean;
}

/** What a page learns of a picture that its editor put in. */
export interface Inserted extends Size {
  /** Opens the picture without a token for as long as the link lives; the hub's own address where files are wanted. */
  url: string;
  artifactId: string;
  taskId: string;
  alt: string;
  /** What it shows, and that a model made it. */
  caption: string;
  /** Says that a model made it. */
  label: string;
  /** The picture's file, for a page that keeps a copy of its own. */
  file: () => Promise<Blob>;
}
