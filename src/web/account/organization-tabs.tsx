/** Between the pages of one organization, and the repository of the same name. */
export function OrganizationTabs(props: {
  name: string;
  current: "Members" | "Keys" | "Audit log";
}) {
  const { name, current } = props;
  const base = `/organizations/${name}`;
  const tabs = [
    ["Repository", `/repositories/${name}`],
    ["Members", base],
    ["Keys", `${base}/keys`],
    ["Audit log", `${base}/audit-log`],
  ];
  return (
    <nav class="tabs" aria-label="This organization">
      {tabs.map(([label, href]) => (
        <a href={href} {...(label === current ? { "aria-current": "page" } : {})}>
          {label}
        </a>
      ))}
    </nav>
  );
}
