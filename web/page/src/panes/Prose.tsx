import Markdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { safeUrl } from "../lib/report";

/** Markdown without raw HTML and without images: a model's image address would tell its host who reads. */
export default function Prose({ text }: { text: string }) {
  return (
    <div className="prose">
      <Markdown
        remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]} skipHtml disallowedElements={["img"]}
        urlTransform={(url) => safeUrl(url) ?? ""}
        components={{ a: ({ href, children }) => (href ? <a href={href} target="_blank" rel="noopener noreferrer">{children}</a> : <>{children}</>) }}
      >
        {text}
      </Markdown>
    </div>
  );
}
