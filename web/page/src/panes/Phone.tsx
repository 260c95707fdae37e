/** A phone task: the screen with its target, what was done and what came of it, and what the task may do. */

import { useState } from "react";
import * as api from "../lib/api";
import { actionWords, afterOf, stepsOf, type Difference, type PhoneDoc, type Step, type Target } from "../lib/phone";
import { useCurrent } from "../context";
import { useWords } from "../i18n";
import { Badge, StickyList } from "../ui";

export function usePhone(): PhoneDoc {
  return (useCurrent().view.doc.phone ?? {}) as PhoneDoc;
}

/** A screen; the target is marked with its box and the point at which the finger comes down. */
export function Screen({ image, size, target, differences = [], label, small }: {
  image: string; size?: { width: number; height: number }; target?: Target | null; differences?: Difference[]; label: string; small?: boolean;
}) {
  const { id } = useCurrent();
  const { width, height } = size?.width ? size : { width: 1080, height: 2400 };
  const [left, top, right, bottom] = target?.bounds ?? [0, 0, 0, 0];
  return (
    <svg className={small ? "screen small-screen" : "screen"} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} data-testid="screen" data-image={image}>
      <image href={api.imageUrl(id, image)} width={width} height={height} />
      {differences.map((one, n) => <rect key={n} className="screen-doubt" x={one.bounds[0]} y={one.bounds[1]} width={one.bounds[2]! - one.bounds[0]!} height={one.bounds[3]! - one.bounds[1]!} />)}
      {target && (
        <g data-testid="target">
          <rect className="screen-mark" x={left} y={top} width={right! - left!} height={bottom! - top!} rx={16} />
          <circle className="screen-point" cx={target.point[0]} cy={target.point[1]} r={26} />
        </g>
      )}
    </svg>
  );
}

/** The phone as it is now, and how the task ended. */
export function PhonePane() {
  const words = useWords();
  const { id, view, status, over } = useCurrent();
  const { screen, device, answer } = usePhone();
  const waits = Object.values(view.doc.run?.interrupts ?? {}).some((value) => (value as { image?: string } | null)?.image);
  const asked = status === "waiting_human" && waits; // the card above shows the screen with what is asked about
  const doing = view.steps.map((step) => words.phone.doing[step as keyof typeof words.phone.doing]).find(Boolean);
  return (
    <section className="pane phone" aria-label={words.pane.phone} data-testid="pane-phone" id="report" tabIndex={-1}>
      {device?.virtual && <p className="quiet small" data-testid="virtual-note">{words.phone.virtualNote}</p>}
      {answer && (
        <div className={`notice ${!answer.doubt && (answer.reason === "done" || answer.reason === "answered") ? "good" : "warn"}`} data-testid="phone-answer" data-reason={answer.reason}>
          <p><b>{words.phone.ended[answer.reason as keyof typeof words.phone.ended] ?? answer.reason}</b>{answer.text && <> {answer.text}</>}{answer.doubt && <span className="small"> {words.phone.doubt}</span>}</p>
        </div>
      )}
      <p className="small quiet phone-now" role="status">{over ? " " : (doing ?? " ")}</p>
      {screen && !asked && (screen.image
        ? <Screen image={screen.image} size={screen} target={over ? null : screen.target} label={words.phone.screenOf(screen.package)} />
        : <pre data-testid="screen-list">{screen.list}</pre>)}
      {!screen && <p className="empty">{words.phone.noScreen}</p>}
      {screen && <p className="small quiet">{screen.package}</p>}
      {screen?.list && screen.image && <details className="small"><summary>{words.phone.asText}</summary><pre>{screen.list}</pre></details>}
      <nav className="exports small" aria-label={words.exportAs}>
        <a href={api.replayUrl(id)} download data-testid="replay">{words.phone.replay}</a>
        {answer && (["md", "html", "pdf", "json"] as const).map((kind) => <a key={kind} href={api.exportUrl(id, kind)} download>{kind.toUpperCase()}</a>)}
      </nav>
    </section>
  );
}

function StepRow({ step, after }: { step: Step; after: string }) {
  const words = useWords();
  const { screen } = usePhone();
  const [open, setOpen] = useState(false);
  return (
    <li className="phone-step" data-testid="phone-step" data-verdict={step.verdict}>
      <p><b>{step.n}.</b> {actionWords(step.action, step.target, words)} <Badge kind={`verdict-${step.verdict}`}>{words.phone.verdict[step.verdict] ?? step.verdict}</Badge></p>
      {step.thought && <p className="quiet small">{step.thought}</p>}
      {step.why && step.verdict !== "ok" && <p className="small">{step.why}</p>}
      {step.classes.length > 0 && <p className="small">{step.classes.map((one) => words.phone.classes[one as keyof typeof words.phone.classes] ?? one).join(", ")} · {step.rule}</p>}
      {(step.image || after) && (
        <details className="small" onToggle={(event) => setOpen((event.target as HTMLDetailsElement).open)}>
          <summary>{words.phone.pictures}</summary>
          {open && (
            <div className="pair">
              {step.image && <figure><Screen small image={step.image} size={screen} target={step.target} label={words.phone.before} /><figcaption>{words.phone.before}</figcaption></figure>}
              {after && <figure><Screen small image={after} size={screen} label={words.phone.after} /><figcaption>{words.phone.after}</figcaption></figure>}
            </div>
          )}
        </details>
      )}
    </li>
  );
}

/** Every step: what was decided, and what the screen said to it. */
export function StepsPane() {
  const words = useWords();
  const phone = usePhone();
  const steps = stepsOf(phone);
  return (
    <section className="pane activity" aria-label={words.pane.steps} data-testid="pane-steps">
      <StickyList label={words.pane.steps} stamp={steps.length}>
        {steps.length === 0 && <p className="empty">{words.phone.noSteps}</p>}
        <ol className="rows phone-steps">{steps.map((step, place) => <StepRow key={step.n} step={step} after={afterOf(steps, place, phone.screen)} />)}</ol>
      </StickyList>
    </section>
  );
}

/** The plan, what the task may use, what was noted and answered, and the phone. */
export function TaskPane() {
  const words = useWords();
  const { subtasks, permissions, memory = [], questions = [], device } = usePhone();
  return (
    <section className="pane" aria-label={words.pane.task} data-testid="pane-task">
      <section className="section"><h3>{words.plan}</h3>
        {!subtasks && <p className="empty">{words.planEmpty}</p>}
        <ul className="plain">{subtasks?.items.map((one) => (
          <li key={one.id} data-testid="subtask">{one.goal} <Badge kind={one.status}>{words.todo[one.status]}</Badge>
            {one.app && <span className="quiet small"> {one.app}</span>}{one.why && <span className="quiet small"> {one.why}</span>}</li>
        ))}</ul>
      </section>
      {permissions && (
        <section className="section" data-testid="permissions"><h3>{words.phone.permissions}</h3>
          <p>{words.phone.apps}: {permissions.packages.join(", ") || words.phone.anyApp}</p>
          <p>{words.phone.agreed}: {permissions.classes.map((one) => words.phone.classes[one as keyof typeof words.phone.classes] ?? one).join(", ") || words.none}</p>
        </section>
      )}
      {questions.length > 0 && <section className="section"><h3>{words.phone.answers}</h3><ul className="plain">{questions.map((one, n) => <li key={n}>{one.question} <b>{one.answer}</b></li>)}</ul></section>}
      {memory.length > 0 && <section className="section"><h3>{words.phone.memory}</h3><ul className="plain">{memory.map((one, n) => <li key={n}>{one.text} <span className="quiet small">({one.source})</span></li>)}</ul></section>}
      {device && <section className="section"><h3>{words.phone.device}</h3><p>{[device.model, device.serial, device.release && `Android ${device.release}`].filter(Boolean).join(", ")}</p></section>}
    </section>
  );
}
