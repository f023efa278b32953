#!/bin/bash
# local-crontab 0.1.8: it turns a line of cron in local time into lines in UTC, but moves only the hour. The day stays, also
# when the hour goes over midnight. "0 3 * * 0", Sunday 3:00 in Tokyo, becomes "0 18 * * 0": Monday 3:00 in Tokyo, one day late.
# And where summer time begins or ends within a month, it splits the month: "0 23 * * 1-5" in Zurich, the nights of working
# days, becomes in 2026 among others "0 22 1-28 3 1-5" and "0 21 29-31 3 1-5". A line with days of the month and weekdays runs
# on both, by crontab(5). So each day of March and of October has one run that nobody asked for: the working days a second
# one, an hour off, and each Saturday and Sunday one.
# A peer, crontzconvert 1.1.1, moves the weekday: "0 18 * * 6".
#
# Expected, by its description (a set of UTC crontabs for a local one): the same moments. Seen, counted by croner 11.0.1 over
# the current year, for which local-crontab makes its lines:
#   0 3 * * 0 in Asia/Tokyo       none of the runs is at a moment of the local line; they are on Mondays
#   0 23 * * 1-5 in Europe/Zurich all the runs of the local line and 62 more, on all days of the week
#   0 23 * * * in Europe/Zurich   the runs of the local line
#
# Needs npm and Node.js 20 or later. Status 0: still so. 1: it behaves differently. 2: could not be tried.
set -u
VERSION=0.1.8
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
echo '{"private": true}' >package.json
npm install --silent --ignore-scripts --no-audit --no-fund "local-crontab@$VERSION" croner@11.0.1 >/dev/null 2>&1 ||
  { echo "cannot install local-crontab $VERSION"; exit 2; }

cat >compare.mjs <<'NODE'
import { Cron } from 'croner';
import localCrontab from 'local-crontab';

const year = new Date().getFullYear();

/** The moments, in seconds, at which a line of cron runs in this year. */
function moments(line, timezone) {
  const cron = new Cron(line, { timezone, paused: true });
  const found = [];
  // The first and the last days are left out: there the years of the two zones differ.
  for (let at = new Date(Date.UTC(year, 0, 3)); (at = cron.nextRun(at)) && at < new Date(Date.UTC(year, 11, 29)); )
    found.push(at.getTime() / 1000);
  return found;
}

for (const [line, zone] of [['0 3 * * 0', 'Asia/Tokyo'], ['0 23 * * 1-5', 'Europe/Zurich'], ['0 23 * * *', 'Europe/Zurich']]) {
  const rows = localCrontab(line, zone);
  const local = new Set(moments(line, zone));
  const made = [...new Set(rows.flatMap((row) => moments(row, 'UTC')))];
  const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: zone });
  const wrong = made.filter((at) => !local.has(at));
  const days = [...new Set(wrong.map((at) => weekday.format(at * 1000)))].sort();
  const missed = [...local].filter((at) => !made.includes(at));
  console.log(`${line}|${zone}|${rows[0]}|${local.size}|${made.length}|${wrong.length}|${days.join(' ')}|${missed.length}`);
}
NODE
timeout 120 node compare.mjs >seen 2>text || { cat text; exit 2; }
while IFS='|' read -r line zone first local made wrong days missed; do
  echo "local-crontab $VERSION, \"$line\" in $zone, first line \"$first\":"
  echo "  $made runs for $local; $wrong wrong ($days), $missed missed"
  case $line in
    '0 3 * * 0') [[ $first == '0 18 * * 0' && $wrong == "$made" && $days == Mon && $missed == "$local" ]] || exit 1 ;;
    '0 23 * * 1-5') [[ $wrong == 62 && $days == 'Fri Mon Sat Sun Thu Tue Wed' && $missed == 0 ]] || exit 1 ;;
    # Without weekdays all is well.
    *) [[ $wrong == 0 && $missed == 0 ]] || exit 2 ;;
  esac
done <seen
