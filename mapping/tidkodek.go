package mapping

import (
	"strings"
	"time"
)

// timed is a codec whose local values are moments, so that effect can begin at one.
type timed interface {
	codec
	// moment is the point in time of a local value; a day begins at midnight.
	moment(local string) (time.Time, *fault)
}

// dateCodec is dato.
type dateCodec struct {
	format timeFormat
	spelt  string // the format as written
	iso    timeFormat
	loc    *time.Location
}

func (c *dateCodec) in(v string) (string, *fault) {
	day, f := c.read(v)
	if f != nil {
		return "", f
	}
	s, _ := c.iso.write(day)
	return s, nil
}

func (c *dateCodec) read(v string) (clock, *fault) {
	day, ok := c.format.read(v)
	if !ok {
		return clock{}, faultf(RegelFormat, "ret værdien, eller formatet i rækken", "er ikke en dato på formen %s", c.spelt)
	}
	return day, nil
}

func (c *dateCodec) out(v string) (any, *fault) {
	day, ok := c.iso.read(v)
	if !ok {
		hint := ""
		if strings.Contains(v, "T") {
			hint = "brug type: tidspunkt"
		}
		return nil, faultf(RegelFormat, hint, "er ikke en dato på formen %s", isoDate)
	}
	return written(c.format, day)
}

func (c *dateCodec) moment(v string) (time.Time, *fault) {
	day, f := c.read(v)
	if f != nil {
		return time.Time{}, f
	}
	return day.instant(c.loc), nil
}

func written(format timeFormat, c clock) (any, *fault) {
	s, ok := format.write(c)
	if !ok {
		return nil, faultf(RegelFormat, "brug åååå i formatet",
			"årstallet %d kan ikke skrives med to cifre (%d-%d)", c.year, twoDigitBase, twoDigitBase+99)
	}
	return s, nil
}

// instantCodec is tidspunkt in a local spelling.
type instantCodec struct {
	format timeFormat
	spelt  string
	loc    *time.Location
}

func (c *instantCodec) in(v string) (string, *fault) { return momentIn(c, v) }

func (c *instantCodec) out(v string) (any, *fault) {
	t, f := parseInstant(v, c.loc)
	if f != nil {
		return nil, f
	}
	return written(c.format, clockOf(t))
}

func (c *instantCodec) moment(v string) (time.Time, *fault) {
	wall, ok := c.format.read(v)
	if !ok {
		return time.Time{}, faultf(RegelFormat, "ret værdien, eller formatet i rækken", "er ikke et tidspunkt på formen %s", c.spelt)
	}
	return wall.instant(c.loc), nil
}

// isoInstantCodec is tidspunkt where the system writes ISO 8601 too, with an offset or without.
type isoInstantCodec struct{ loc *time.Location }

func (c isoInstantCodec) in(v string) (string, *fault) { return momentIn(c, v) }

func (c isoInstantCodec) out(v string) (any, *fault) {
	t, f := parseInstant(v, c.loc)
	if f != nil {
		return nil, f
	}
	return formatInstant(t), nil
}

func (c isoInstantCodec) moment(v string) (time.Time, *fault) {
	if wall, err := time.Parse("2006-01-02T15:04:05", v); err == nil {
		at := clockOf(wall)
		if !at.valid() {
			return time.Time{}, outsideYears()
		}
		return at.instant(c.loc).Add(time.Duration(wall.Nanosecond())), nil
	}
	return parseInstant(v, c.loc)
}

func momentIn(c timed, v string) (string, *fault) {
	t, f := c.moment(v)
	if f != nil {
		return "", f
	}
	return formatInstant(t), nil
}

// parseInstant reads RFC 3339 and gives the point in time as loc's clocks show it.
func parseInstant(v string, loc *time.Location) (time.Time, *fault) {
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return time.Time{}, faultf(RegelFormat, "brug type: dato, eller skriv formatet i rækken",
			"er ikke et tidspunkt på formen 2006-01-02T15:04:05+01:00")
	}
	t = t.In(loc)
	if !clockOf(t).valid() {
		return time.Time{}, outsideYears()
	}
	return t, nil
}

func outsideYears() *fault { return faultf(RegelFormat, "", "årstallet er ikke mellem 1 og 9999") }

// formatInstant writes RFC 3339 with t's own offset. Before zones were agreed on, local time differed from UTC by odd
// seconds, which RFC 3339 cannot say; such a time is written in UTC.
func formatInstant(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano)
}
