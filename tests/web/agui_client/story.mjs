// Drives a server with the protocol's own client, as a stranger would: argv = address, graph, question, story.
// Prints one JSON line for each thing that happened.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [base, graph, question, story, modules, props = "{}"] = process.argv.slice(2);
const found = createRequire(join(modules, "package.json")).resolve("@ag-ui/client");
const { HttpAgent } = await import(pathToFileURL(found));

const tell = (what, more = {}) => console.log(JSON.stringify({ what, ...more }));
const agent = new HttpAgent({ url: `${base}/agui/${graph}`, threadId: `thread-${story}-${Date.now()}` });
agent.messages = [{ id: "u1", role: "user", content: question }];

const run = (runId, more = {}, stopAt = null) =>
  agent.runAgent({ runId, forwardedProps: JSON.parse(props), ...more }, {
    onEvent: ({ event }) => {
      tell("event", { type: event.type, name: event.name, outcome: event.outcome, runId: event.runId });
      if (stopAt && event.type === stopAt) agent.abortRun();
    },
  }).then(
    (result) => tell("end", { runId, result: result?.outcome ?? null }),
    (error) => tell("error", { runId, message: String(error?.message ?? error) }),
  );

if (story === "whole") await run("run-1");
if (story === "close") {
  await run("run-1", {}, "STEP_STARTED");
  tell("closed");
  await new Promise((wake) => setTimeout(wake, 300));
  await run("run-1"); // the same names: the same run
}
if (story === "interrupt") {
  await run("run-1");
  const open = agent.pendingInterrupts ?? [];
  tell("asked", { ids: open.map((one) => one.id), messages: open.map((one) => one.message ?? null) });
  await run("run-2", {
    resume: open.map((one) => ({ interruptId: one.id, status: "resolved", payload: { answer: "the long ones" } })),
  });
}
tell("state", { state: agent.state, messages: agent.messages });
