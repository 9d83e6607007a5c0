// One dossier through the three services, in types that openapi-typescript made of their contracts. What it is given
// stands in the environment: the address of each service, and a token for each role. Its last line is what came of it.
import createClient from "openapi-fetch";

import type { paths as IntakePaths, components } from "./intake.js";
import type { paths as RoutingPaths } from "./routing.js";
import type { paths as StatsPaths } from "./stats.js";

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function held<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

const as = (token: string) => ({ Authorization: `Bearer ${given(token)}` });
const counter = createClient<IntakePaths>({ baseUrl: given("INTAKE"), headers: as("COUNTER_TOKEN") });
const handler = createClient<RoutingPaths>({ baseUrl: given("ROUTING"), headers: as("HANDLER_TOKEN") });
const leader = createClient<StatsPaths, "application/json">({ baseUrl: given("STATS"), headers: as("LEADER_TOKEN") });
const agency = given("AGENCY");
const procedure = given("PROCEDURE");

// Without a token: which agencies there are.
const everybody = createClient<RoutingPaths>({ baseUrl: given("ROUTING") });
const agencies = held(await everybody.GET("/v1/agencies", { params: { query: { level: "commune", limit: 3 } } }));
if (agencies.items.length !== 3 || agencies.next === null) throw new Error("a page of three, and one after it");

// A refusal says what is wrong, and in which field.
const draft: components["schemas"]["DossierIn"] = {
  procedure,
  agency,
  channel: "counter",
  applicant: { kind: "person", name: "Nguyễn Thị Đào", id_number: "045190001234" },
};
const refused = await counter.POST("/v1/dossiers", { body: { ...draft, agency: "nowhere" } });
if (refused.error?.code !== "invalid_request" || refused.error.errors?.[0]?.field !== "agency")
  throw new Error(`refused otherwise: ${JSON.stringify(refused.error)}`);

// Sent twice with one key, received once.
const once = { params: { header: { "Idempotency-Key": crypto.randomUUID() } }, body: draft };
const received = held(await counter.POST("/v1/dossiers", once));
const again = await counter.POST("/v1/dossiers", once);
if (held(again).code !== received.code) throw new Error("received twice");
if (again.response.headers.get("Idempotency-Replayed") !== "true") throw new Error("not told that it was replayed");

// Why it is due when it is.
const inPath = { params: { path: { code: received.code } } };
const deadline = held(await counter.GET("/v1/dossiers/{code}/deadline", inPath));
if (deadline.due_at !== received.due_at) throw new Error("due twice");

// Routing hears of it in a moment; its handler finishes it, upon the version that was read.
let read = await handler.GET("/v1/cases/{code}", inPath);
for (let tries = 0; read.data === undefined && tries < 200; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  read = await handler.GET("/v1/cases/{code}", inPath);
}
if (held(read).holder !== agency) throw new Error("held by another");
const version = read.response.headers.get("ETag") ?? "";
const upon = (tag: string) => ({ path: { code: received.code }, header: { "If-Match": tag } });
const stale = await handler.POST("/v1/cases/{code}/finish", { params: upon('"999"'), body: { outcome: "granted" } });
if (stale.response.status !== 412) throw new Error(`a version that nobody read: ${stale.response.status}`);
held(await handler.POST("/v1/cases/{code}/finish", { params: upon(version), body: { outcome: "granted" } }));

// It is counted.
const today = received.accepted_at?.slice(0, 10) ?? "";
const report = held(
  await leader.GET("/v1/reports/resolution", { params: { query: { agency, from: today, to: today } } }),
);
const { received: counted, resolved, on_time_rate: rate } = report.total;
console.log(JSON.stringify({ code: received.code, counted, resolved, rate }));
