package follow

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/moxkit/mox/connector"
)

// system answers "what is after this value", as systems differ in doing.
type system struct {
	rows      []connector.Record // ordered by seq
	inclusive bool
	limit     int // most in an answer; 0 = all
}

func (s *system) put(seq int, id string) {
	r := connector.Record{Fields: map[string]string{"seq": strconv.Itoa(seq), "id": id}, Raw: []byte(id)}
	at, _ := slices.BinarySearchFunc(s.rows, seq+1, func(r connector.Record, seq int) int { return seqOf(r) - seq })
	s.rows = slices.Insert(s.rows, at, r)
}

func seqOf(r connector.Record) int {
	n, _ := strconv.Atoi(r.Fields["seq"])
	return n
}

func (s *system) ask(_ context.Context, since string, give func(connector.Record) (bool, error)) (bool, error) {
	from, _ := strconv.Atoi(since)
	n := 0
	for _, r := range s.rows {
		seq := seqOf(r)
		if r.Err == nil && (seq < from || seq == from && !s.inclusive) {
			continue
		}
		if s.limit > 0 && n == s.limit {
			return true, nil
		}
		n++
		if more, err := give(r); err != nil || !more {
			return true, err
		}
	}
	return false, nil
}

// drain reads to the end, each batch from the position that was stored, as after a restart.
func drain(t *testing.T, s *system, position string) (ids []string, end string) {
	t.Helper()
	f := Field{Name: "seq", Ask: s.ask}
	for range 1000 {
		b, err := f.Read(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Records {
			ids = append(ids, string(r.Raw))
		}
		position = b.Position
		if !b.More {
			return ids, position
		}
	}
	t.Fatal("no end")
	return nil, ""
}

// TestEachRecordIsGivenOnce runs systems with many records of one value, answers cut at some number, and records that
// come late, behind the last value but one.
func TestEachRecordIsGivenOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := &system{inclusive: r.IntN(2) == 0, limit: []int{0, 0, 40, 200}[r.IntN(4)]}
		groups := 1 + r.IntN(30) // records of one value stay fewer than an answer holds, else no one can read them all
		given, position, put := map[string]int{}, "", 0
		value, before := 1, 0
		for range 1 + r.IntN(8) {
			for range r.IntN(300) {
				if r.IntN(groups) == 0 {
					before, value = value, value+2
				}
				put++
				s.put(value, fmt.Sprint(put))
			}
			var ids []string
			ids, position = drain(t, s, position)
			for _, id := range ids {
				given[id]++
			}
			if late := value - 1; late > before && s.limit == 0 {
				put++
				s.put(late, fmt.Sprint(put)) // between the last two values
			}
		}
		ids, _ := drain(t, s, position)
		for _, id := range ids {
			given[id]++
		}
		for id := range put {
			if n := given[fmt.Sprint(id+1)]; n != 1 && !(s.limit > 0 && tooMany(s)) {
				t.Fatalf("seed %d (inclusive %v, limit %d): record %d was given %d times", seed, s.inclusive, s.limit, id+1, n)
			}
		}
	}
}

// tooMany reports a value that more records have than an answer holds.
func tooMany(s *system) bool {
	count := map[int]int{}
	for _, r := range s.rows {
		if count[seqOf(r)]++; count[seqOf(r)] >= s.limit/2 {
			return true
		}
	}
	return false
}

func TestManyRecordsOfOneValue(t *testing.T) {
	t.Parallel()
	s := &system{}
	for i := range 1700 {
		s.put(7, fmt.Sprint(i))
	}
	s.put(8, "sidste")
	if ids, _ := drain(t, s, ""); len(ids) != 1701 {
		t.Errorf("%d records, want 1701", len(ids))
	}
	for i := range maxSeen {
		s.put(9, fmt.Sprint("x", i))
	}
	f, position := Field{Name: "seq", Ask: s.ask}, ""
	for {
		b, err := f.Read(t.Context(), position)
		if err != nil {
			if !strings.Contains(err.Error(), `"seq"`) {
				t.Errorf("error %v, want one that names the field", err)
			}
			return
		}
		if position = b.Position; !b.More {
			break // exactly as many as can be remembered
		}
	}
}

func TestBrokenRecordsAreGivenOnce(t *testing.T) {
	t.Parallel()
	s := &system{inclusive: true}
	s.put(1, "a")
	s.rows = append(s.rows, connector.Record{Raw: []byte("brudt"), Err: fmt.Errorf("x")}) // the system gives it every time
	ids, position := drain(t, s, "")
	for i := range 5 {
		s.rows = append(s.rows, connector.Record{Fields: map[string]string{"seq": fmt.Sprint(i + 2)}, Raw: []byte("b")})
		var more []string
		more, position = drain(t, s, position)
		ids = append(ids, more...)
	}
	if got := strings.Join(ids, " "); got != "a brudt b b b b b" {
		t.Errorf("given: %s", got)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"9", "10", -1}, {"10", "10.0", 0}, {"-2", "1", -1}, {"-2", "-10", 1}, {"1.05", "1.5", -1}, {"007", "7", 0},
		{"99999999999999999999", "100000000000000000000", -1},
		{"2026-03-01T10:00:00Z", "2026-03-01T10:30:00+01:00", 1}, {"2026-03-01T10:00:00Z", "2026-03-01T10:00:00.5Z", -1},
		{"2026-03-01 10:00", "2026-03-01 9:00", -1}, {"a", "b", -1}, {"", "1", -1}, {"1", "a", -1},
	} {
		for _, c := range []struct {
			a, b string
			want int
		}{c, {c.b, c.a, -c.want}} {
			if got := Compare(c.a, c.b); got < 0 != (c.want < 0) || got > 0 != (c.want > 0) {
				t.Errorf("Compare(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
			}
		}
	}
}

func FuzzBookmark(f *testing.F) {
	f.Add(`{"efter":"4","sidst":"6","set":["0011"],"brudt":["22"]}`, "5")
	f.Fuzz(func(t *testing.T, position, value string) {
		s := &system{rows: []connector.Record{{Fields: map[string]string{"seq": value}}}, inclusive: true}
		b, err := Field{Name: "seq", Ask: s.ask}.Read(t.Context(), position)
		if err == nil && len(b.Records) > 0 && b.Position == position {
			t.Fatalf("%q: records and no new position", position)
		}
	})
}
