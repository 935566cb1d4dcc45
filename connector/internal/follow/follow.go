// Package follow keeps the place in systems that are asked rather than read: "what has a greater number than this?"
// ([Field]), or "what have you?" ([Listing]).
package follow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox/connector"
)

// These bound the length of a position.
const (
	maxSeen   = 10_000 // records that share one value of the position field
	maxBroken = 200    // broken records remembered; older ones, should the system still give them, are given again
)

// Bookmark is a position in records ordered by one field.
//
// It asks again for the records of the last value, and leaves out those it has given: a system with timestamps of one
// second writes more of them later in the same second, and a database may commit number 5 after number 6. So it works
// whether the system answers "greater than" or "greater than or equal".
type Bookmark struct {
	Since string   `json:"efter"`         // value to ask with: the one before Last; "" = from the beginning
	Last  string   `json:"sidst"`         // greatest value given
	Seen  []string `json:"set,omitempty"` // digests of the records given with values above Since
	// Broken has digests of the latest broken records given. They have no value to know them by.
	Broken []string `json:"brudt,omitempty"`
}

func parse(position string) (b Bookmark, err error) {
	if position == "" {
		return b, nil
	}
	if err := json.Unmarshal([]byte(position), &b); err != nil {
		return b, errPosition(err)
	}
	return b, nil
}

func errPosition(err error) error {
	return fmt.Errorf("den gemte position kan ikke læses; er kildens type eller position ændret, siden den sidst læste? start kilden forfra: %w", err)
}

func (b Bookmark) String() string {
	text, _ := json.Marshal(b) // strings cannot fail
	return string(text)
}

// Compare orders values of a position field: numbers as numbers, times with zone as times, else byte by byte.
func Compare(a, b string) int {
	if a == b {
		return 0
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return compareDecimals(x, y)
		}
	}
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	if errX == nil && errY == nil {
		return x.Compare(y)
	}
	return strings.Compare(a, b)
}

// decimal is a number as it is written: no float, so that long numbers keep all their digits.
type decimal struct {
	negative    bool
	whole, part string
}

func number(s string) (decimal, bool) {
	d := decimal{negative: strings.HasPrefix(s, "-")}
	d.whole, d.part, _ = strings.Cut(strings.TrimPrefix(s, "-"), ".")
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	bad := d.whole == "" || strings.TrimFunc(d.whole, isDigit) != "" || strings.TrimFunc(d.part, isDigit) != ""
	d.whole, d.part = strings.TrimLeft(d.whole, "0"), strings.TrimRight(d.part, "0")
	return d, !bad
}

func compareDecimals(a, b decimal) int {
	if a.negative != b.negative {
		if a.negative {
			return -1
		}
		return 1
	}
	c := len(a.whole) - len(b.whole)
	if c == 0 {
		c = strings.Compare(a.whole, b.whole)
	}
	if c == 0 {
		c = strings.Compare(a.part, b.part)
	}
	if a.negative {
		return -c
	}
	return c
}

// Ask asks the system for records from since on ("" = all) and passes each, in the system's order, to give, until give
// says false: then there is room for no more. It reports whether the system may have more.
type Ask func(ctx context.Context, since string, give func(connector.Record) (bool, error)) (more bool, err error)

// Field reads records ordered by the field named.
type Field struct {
	Name string
	Ask  Ask
}

// Read is a [connector.Source.Read].
func (f Field) Read(ctx context.Context, position string) (connector.Batch, error) {
	b, err := parse(position)
	if err != nil {
		return connector.Batch{}, err
	}
	s := &scan{Bookmark: b, field: f.Name, seen: map[string]bool{}}
	for _, d := range b.Seen {
		s.seen[d] = true
	}
	more, err := f.Ask(ctx, b.Since, s.give)
	if err == nil && len(s.records) == 0 && s.offered > 1 && b.Last != b.Since {
		// A system that answers in pages may have filled one with the records that share the last value, and would do so
		// for ever: ask beyond them.
		s.value = ""
		more, err = f.Ask(ctx, b.Last, s.give)
	}
	if err != nil {
		return connector.Batch{}, err
	}
	if len(s.records) == 0 {
		return connector.Batch{Position: position}, nil
	}
	s.Seen = slices.Sorted(maps.Keys(s.seen))
	return connector.Batch{Records: s.records, Position: s.Bookmark.String(), More: more || s.full()}, nil
}

// scan is one Read under way.
type scan struct {
	Bookmark
	field   string
	seen    map[string]bool
	value   string // the last value met, "" = none
	offered int
	records []connector.Record
}

func (s *scan) full() bool { return len(s.records) == connector.MaxBatch }

func (s *scan) give(r connector.Record) (bool, error) {
	if s.full() {
		return false, nil
	}
	s.offered++
	value := r.Fields[s.field]
	if value == "" {
		s.giveBroken(r)
		return !s.full(), nil
	}
	if s.value != "" && Compare(value, s.value) < 0 {
		return false, fmt.Errorf("posterne kommer ikke i rækkefølge efter feltet %q; bed systemet om at sortere stigende efter det, eller vælg et andet felt", s.field)
	}
	s.value = value
	digest := Digest(r)
	if s.Since != "" && Compare(value, s.Since) <= 0 || s.seen[digest] {
		return true, nil
	}
	s.advance(value)
	if len(s.seen) >= maxSeen {
		return false, fmt.Errorf("over %d poster har samme værdi i feltet %q; vælg et finere felt som position", maxSeen, s.field)
	}
	s.seen[digest] = true
	s.records = append(s.records, r)
	return !s.full(), nil
}

// giveBroken gives a record without a value, once, where it stands. It moves nothing: nothing says what it is after.
func (s *scan) giveBroken(r connector.Record) {
	if r.Err == nil {
		r.Err = fmt.Errorf("posten har ikke feltet %q, som er kildens position", s.field)
		r.Fields = nil
	}
	digest := Digest(r)
	if slices.Contains(s.Broken, digest) {
		return
	}
	s.Broken = append(slices.Clone(s.Broken), digest)
	s.Broken = s.Broken[max(0, len(s.Broken)-maxBroken):]
	s.records = append(s.records, r)
}

// advance moves the bookmark to a greater value; what was given with the values before the last is then behind it.
func (s *scan) advance(value string) {
	if s.Last != "" && Compare(value, s.Last) <= 0 {
		return
	}
	if s.Last != "" {
		clear(s.seen)
	}
	s.Since, s.Last = s.Last, value
}

// Digest tells records apart by their content.
func Digest(r connector.Record) string {
	h := sha256.New()
	if r.Err != nil {
		h.Write(r.Raw)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		h.Write([]byte(strconv.Quote(name) + strconv.Quote(r.Fields[name])))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
