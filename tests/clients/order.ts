// An app in TypeScript, by the generated types alone: node order.js <address> <key>
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [address, key] = process.argv.slice(2);
const hub = createClient<paths>({ baseUrl: address!, headers: { Authorization: `Bearer ${key}` } });
const body = { prompt: "a star", metadata: { order: "4711" } };
const header = { "Idempotency-Key": "ts-1", Prefer: "wait=60" };

const { data: made, error } = await hub.POST("/api/v1/generate", { params: { header }, body });
assert.ok(made, JSON.stringify(error));
assert.equal(made.status, "completed");
const again = await hub.POST("/api/v1/generate", { params: { header }, body });
assert.equal(again.data?.id, made.id);

const path = { task_id: made.id };
const read = await hub.GET("/api/v1/tasks/{task_id}", { params: { path } });
assert.equal(read.data?.result?.images[0]?.width, made.width);
const result = await hub.GET("/api/v1/tasks/{task_id}/result", { params: { path } });
assert.equal(result.data?.count, 1);
const query = { status: ["completed" as const, "failed" as const], metadata: ["order=4711"] };
const listed = await hub.GET("/api/v1/tasks", { params: { query } });
assert.deepEqual(listed.data?.items.map((task) => task.id), [made.id]);

const second = await hub.POST("/api/v1/generate", { body: { prompt: "a circle" } });
assert.equal(second.response.status, 202);
const other = { task_id: second.data!.id };
const canceled = await hub.POST("/api/v1/tasks/{task_id}/cancel", { params: { path: other } });
assert.equal(canceled.data?.status, "canceled");

const refused = await hub.POST("/api/v1/generate", { body: { prompt: "a star", width: 17 } });
assert.equal(refused.error?.code, "invalid_request");
assert.equal(refused.error?.errors[0]?.field, "width");
const credits = await hub.GET("/api/v1/credits");
assert.equal(credits.data?.available, 90);
console.log(JSON.stringify({ made: made.id, canceled: other.task_id }));
