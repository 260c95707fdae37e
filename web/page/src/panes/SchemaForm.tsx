/** A form for a flat JSON schema; a member that is itself an object or a list is written as JSON. */

import { useState } from "react";
import type { Schema } from "../lib/api";
import { useWords } from "../i18n";

function kindOf(schema: Schema): string {
  const own = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
  if (own.enum) return "enum";
  return Array.isArray(own.type) ? (own.type.find((one) => one !== "null") ?? "string") : (own.type ?? "json");
}

/** The typed value of what was written; undefined: leave it out. */
export function parsed(schema: Schema, text: string): unknown {
  const kind = kindOf(schema);
  if (kind === "boolean") return text === "true";
  if (text === "") return undefined;
  if (kind === "integer" || kind === "number") return Number(text);
  if (kind === "string" || kind === "enum") return text;
  return JSON.parse(text);
}

function Field({ name, schema, value, onChange, required }: {
  name: string; schema: Schema; value: string; onChange: (value: string) => void; required: boolean;
}) {
  const kind = kindOf(schema);
  const id = `field-${name}`;
  const own = schema.anyOf?.find((one) => one.type !== "null") ?? schema;
  if (kind === "boolean")
    return <label className="check"><input type="checkbox" checked={value === "true"} onChange={(event) => onChange(String(event.target.checked))} data-testid={id} /> {schema.title ?? name}</label>;
  return (
    <label>{schema.title ?? name}{required && " *"}
      {schema.description && <span className="quiet small"> {schema.description}</span>}
      {kind === "enum" ? (
        <select value={value} required={required} onChange={(event) => onChange(event.target.value)} data-testid={id}>
          <option value="" />{own.enum!.map((one) => <option key={String(one)}>{String(one)}</option>)}
        </select>
      ) : kind === "integer" || kind === "number" ? (
        <input type="number" step={kind === "integer" ? 1 : "any"} min={own.minimum} max={own.maximum} required={required} value={value} onChange={(event) => onChange(event.target.value)} data-testid={id} />
      ) : (
        <textarea rows={kind === "string" ? 2 : 4} maxLength={own.maxLength} required={required} value={value} onChange={(event) => onChange(event.target.value)} data-testid={id} />
      )}
    </label>
  );
}

export function SchemaForm({ schema, submit, busy, onSubmit }: {
  schema: Schema; submit: string; busy: boolean; onSubmit: (value: Record<string, unknown>) => void;
}) {
  const words = useWords();
  const [values, setValues] = useState<Record<string, string>>({});
  const [bad, setBad] = useState("");
  const fields = Object.entries(schema.properties ?? {});
  const textOf = (name: string, field: Schema) =>
    values[name] ?? (field.default === undefined || field.default === null ? "" : typeof field.default === "string" ? field.default : JSON.stringify(field.default));
  return (
    <form className="schema" onSubmit={(event) => {
      event.preventDefault();
      const made: Record<string, unknown> = {};
      for (const [name, field] of fields) {
        try {
          const value = parsed(field, textOf(name, field));
          if (value !== undefined) made[name] = value;
        } catch {
          setBad(`${name}: ${words.badJson}`);
          return;
        }
      }
      setBad("");
      onSubmit(made);
    }}>
      {fields.map(([name, field]) => (
        <Field key={name} name={name} schema={field} required={schema.required?.includes(name) ?? false} value={textOf(name, field)} onChange={(value) => setValues((old) => ({ ...old, [name]: value }))} />
      ))}
      {bad && <p className="bad-text" role="alert">{bad}</p>}
      <div className="row"><button type="submit" className="main" disabled={busy} data-testid="schema-send">{submit}</button></div>
    </form>
  );
}
