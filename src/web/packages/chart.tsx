/** How often a package was fetched, as small bars: a week each, the last thirteen weeks. */
import type { PackageDetails } from "../../repository/types.ts";

type DayCount = PackageDetails["downloadsByDay"][number];

const weeks = 13;
const dayMs = 24 * 60 * 60 * 1000;
const [barWidth, gap, height] = [14, 4, 48];

export function DownloadChart({ days }: { days: readonly DayCount[] }) {
  const counts = byWeek(days, Date.now());
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const most = Math.max(...counts);
  const label = `Downloads in each of the last ${weeks} weeks: ${counts.join(", ")}`;
  return (
    <section>
      <h2>Downloads by week</h2>
      <svg
        class="chart"
        role="img"
        aria-label={label}
        viewBox={`0 0 ${weeks * (barWidth + gap)} ${height}`}
      >
        {counts.map((count, at) => {
          const size = Math.max(count > 0 ? 2 : 1, Math.round((count / most) * height));
          return (
            <rect x={at * (barWidth + gap)} y={height - size} width={barWidth} height={size} rx="2">
              <title>{count}</title>
            </rect>
          );
        })}
      </svg>
    </section>
  );
}

/** Oldest week first; the last one ends today. */
function byWeek(days: readonly DayCount[], now: number): number[] {
  const counts = Array.from({ length: weeks }, () => 0);
  for (const { day, count } of days) {
    const ago = Math.floor((now - Date.parse(day)) / dayMs / 7);
    const at = weeks - 1 - ago;
    if (counts[at] !== undefined) counts[at] += count;
  }
  return counts;
}
