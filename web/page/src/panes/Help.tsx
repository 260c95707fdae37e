import { useWords } from "../i18n";
import { Drawer } from "../ui";

/** The keys that do something. */
export function Help({ onClose }: { onClose: () => void }) {
  const words = useWords();
  return (
    <Drawer title={words.help} onClose={onClose} testid="help">
      <dl className="keys">{Object.entries(words.shortcut).map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
    </Drawer>
  );
}
