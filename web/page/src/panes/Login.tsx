/** Name and password, or the button of an OpenID provider. */

import { useState } from "react";
import * as api from "../lib/api";
import { useWords } from "../i18n";

export function Login({ session, onLogin }: { session: api.Session; onLogin: (session: api.Session) => void }) {
  const words = useWords();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  return (
    <main className="login">
      <form data-testid="login" onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        setProblem("");
        api.login(name, password).then(onLogin, (error: Error) => { setProblem(error.message); setPassword(""); }).finally(() => setBusy(false));
      }}>
        <h1>{words.brand}</h1>
        <label>{words.name}<input autoFocus required autoComplete="username" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} data-testid="login-name" /></label>
        <label>{words.password}<input type="password" required autoComplete="current-password" maxLength={1024} value={password} onChange={(event) => setPassword(event.target.value)} data-testid="login-password" /></label>
        <p className="bad-text" role="alert" data-testid="login-problem">{problem || " "}</p>
        <button type="submit" className="main" disabled={busy} data-testid="login-send">{busy ? words.loggingIn : words.login}</button>
        {session.oidc && <a className="button" href="/api/oidc/login">{words.loginWith} {session.oidc}</a>}
      </form>
    </main>
  );
}
