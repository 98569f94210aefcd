package pve

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule is a calendar event of the product: weekdays, dates and times of day at which a job runs. Years and seconds are
// taken for any.
type schedule struct {
	weekdays [7]bool
	months   [13]bool
	days     [32]bool
	hours    [24]bool
	minutes  [60]bool
}

// words are the short forms of schedules.
var words = map[string]string{
	"minutely": "*:*", "hourly": "*:00", "daily": "00:00", "weekly": "mon 00:00", "monthly": "*-01 00:00", "quarterly": "1,4,7,10-01 00:00",
	"semiannually": "1,7-01 00:00", "semi-annually": "1,7-01 00:00", "yearly": "01-01 00:00", "annually": "01-01 00:00",
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseSchedule reads a calendar event; false for one that it does not understand.
func parseSchedule(text string) (schedule, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if long, ok := words[text]; ok {
		text = long
	}
	var s schedule
	var hasDays, hasDate, hasTime bool
	for _, field := range strings.Fields(text) {
		var ok bool
		switch {
		case field[0] >= 'a' && field[0] <= 'z':
			ok, hasDays = !hasDays && s.parseWeekdays(field), true
		case strings.Contains(field, "-"):
			ok, hasDate = !hasDate && s.parseDate(field), true
		default:
			ok, hasTime = !hasTime && s.parseTime(field), true
		}
		if !ok {
			return s, false
		}
	}
	if !hasDays {
		for i := range s.weekdays {
			s.weekdays[i] = true
		}
	}
	if !hasDate {
		ok := s.parseDate("*-*")
		if !ok {
			return s, false
		}
	}
	if !hasTime {
		s.hours[0], s.minutes[0] = true, true
	}
	return s, hasDays || hasDate || hasTime
}

// parseWeekdays reads "mon,wed" and "mon..fri".
func (s *schedule) parseWeekdays(text string) bool {
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "..")
		if !isRange {
			to = from
		}
		a, b := weekday(from), weekday(to)
		if a < 0 || b < 0 {
			return false
		}
		for d := a; ; d = (d + 1) % 7 {
			s.weekdays[d] = true
			if d == b {
				break
			}
		}
	}
	return true
}

func weekday(name string) int {
	if len(name) < 3 {
		return -1
	}
	return slices.Index(weekdays, name[:3])
}

// parseDate reads "month-day" and "year-month-day".
func (s *schedule) parseDate(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) == 3 {
		parts = parts[1:]
	}
	if len(parts) == 1 || len(parts) > 2 {
		return false
	}
	return parseValues(parts[0], s.months[:], 1) && parseValues(parts[1], s.days[:], 1)
}

// parseTime reads "hour:minute", "hour:minute:second" and minutes alone.
func (s *schedule) parseTime(text string) bool {
	parts := strings.Split(text, ":")
	switch len(parts) {
	case 1:
		return parseValues("*", s.hours[:], 0) && parseValues(parts[0], s.minutes[:], 0)
	case 2, 3:
		return parseValues(parts[0], s.hours[:], 0) && parseValues(parts[1], s.minutes[:], 0)
	}
	return false
}

// parseValues reads "*", "3", "1,5", "1..5", "*/15" and "5/15" into the values that they mean.
func parseValues(text string, values []bool, least int) bool {
	for part := range strings.SplitSeq(text, ",") {
		part, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return false
			}
			step = min(n, len(values)) // a larger one means the first value only, too
		}
		from, to := least, len(values)-1
		if part != "*" {
			a, b, isRange := strings.Cut(part, "..")
			first, err := strconv.Atoi(a)
			if err != nil || first < least || first >= len(values) {
				return false
			}
			from = first
			switch {
			case isRange:
				last, err := strconv.Atoi(b)
				if err != nil || last < first || last >= len(values) {
					return false
				}
				to = last
			case !stepped:
				to = first
			}
		}
		for n := from; n <= to; n += step {
			values[n] = true
		}
	}
	return true
}

// clockBack is the hour that comes twice when clocks go back: in that night a job that runs more rarely may come so much later.
const clockBack = time.Hour

// longestGap is the longest time between two runs, in any zone; 0 for a schedule that never runs.
func (s schedule) longestGap() time.Duration {
	var inDay []int // minutes of a day at which it runs
	for h, on := range s.hours {
		for m, at := range s.minutes {
			if on && at {
				inDay = append(inDay, h*60+m)
			}
		}
	}
	if len(inDay) == 0 {
		return 0
	}
	longest, within := 0, 0 // minutes on the clock of the server
	for i := 1; i < len(inDay); i++ {
		within = max(within, inDay[i]-inDay[i-1])
	}
	last := -1 // minutes since the first day
	// Four years hold every weekday of every date that matters.
	for day := range 4 * 366 {
		date := time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)
		if !s.weekdays[date.Weekday()] || !s.months[date.Month()] || !s.days[date.Day()] {
			continue
		}
		if last >= 0 {
			longest = max(longest, day*1440+inDay[0]-last)
		}
		longest = max(longest, within)
		last = day*1440 + inDay[len(inDay)-1]
	}
	gap := time.Duration(longest) * time.Minute
	if gap > clockBack {
		gap += clockBack
	}
	return gap
}
