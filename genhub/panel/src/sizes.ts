/** Shapes that an editor chooses from, in a model's own pixels. */

import type { Model, Size } from "./types";

const SHAPES: [number, number][] = [[1, 1], [4, 3], [3, 4], [16, 9], [9, 16]];

/** Return the sizes that a model draws: those it lists, else the usual shapes with about its usual area. */
export function sizesOf(model: Model): Size[] {
  if (model.sizes.length) return model.sizes;
  const { width, height } = model.default;
  const area = width * height;
  const found = [{ width, height }];
  for (const [across, down] of SHAPES) {
    const unit = Math.sqrt(area / (across * down));
    const size = { width: fit(unit * across, model), height: fit(unit * down, model) };
    if (!found.some((known) => isSame(known, size))) found.push(size);
  }
  return found;
}

export function isSame(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}

/** Return a size as people name it: its shape where it is a usual one, and its pixels. */
export function nameSize({ width, height }: Size): string {
  const shape = SHAPES.find(([across, down]) => Math.abs(width / height - across / down) < 0.03);
  const pixels = `${width} × ${height}`;
  return shape ? `${shape.join(":")} · ${pixels}` : pixels;
}

function fit(side: number, { side_multiple, smallest_side, largest_side }: Model): number {
  const rounded = Math.round(side / side_multiple) * side_multiple;
  return Math.min(Math.max(rounded, smallest_side), largest_side);
}
