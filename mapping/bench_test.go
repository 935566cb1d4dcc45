package mapping

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"
)

// benchRows is a table of 25 rows as a building case has them: 12 texts, 3 code tables, 3 prefixes, 2 dates, 1 point in
// time, 2 whole numbers, 1 number and 1 truth value.
func benchRows() string {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, "{felt: TEKST%d, sti: egenskaber.tekst%d, maks: 255}\n", i, i)
	}
	for i := range 3 {
		fmt.Fprintf(&b, "{felt: KODE%d, sti: tilstande.kode%d, koder: {OPR: Opstaaet, OPL: Oplyst, AFG: Afgjort}}\n", i, i)
		fmt.Fprintf(&b, "{felt: KLE%d, sti: relationer.klasse%d, praefiks: \"urn:oio:kle:\"}\n", i, i)
	}
	b.WriteString("{felt: DATO0, sti: egenskaber.dato0, type: dato, format: dd-mm-åååå}\n")
	b.WriteString("{felt: DATO1, sti: egenskaber.dato1, type: dato, format: dd-mm-åååå}\n")
	b.WriteString("{felt: TID, sti: egenskaber.tid, type: tidspunkt, format: dd-mm-åååå tt:mi:ss}\n")
	b.WriteString("{felt: HELTAL0, sti: egenskaber.heltal0, type: heltal}\n{felt: HELTAL1, sti: egenskaber.heltal1, type: heltal}\n")
	b.WriteString("{felt: TAL, sti: egenskaber.tal, type: tal}\n{felt: BOOLSK, sti: egenskaber.boolsk, type: boolsk}\n")
	return b.String()
}

func benchRecord() map[string]string {
	m := map[string]string{"DATO0": "29-02-2024", "DATO1": "01-07-1999", "TID": "01-07-2024 13:05:09",
		"HELTAL0": "7", "HELTAL1": "123456", "TAL": "1024.5", "BOOLSK": "true"}
	for i := range 12 {
		m["TEKST"+strconv.Itoa(i)] = "Opførelse af carport på Åvænget"
	}
	for i := range 3 {
		m["KODE"+strconv.Itoa(i)] = "OPL"
		m["KLE"+strconv.Itoa(i)] = "02.34.02"
	}
	return m
}

// byHand is the raw limit: the same two translations, written out in Go for this one table.
type byHand struct {
	loc         *time.Location
	forth, back map[string]string
	text, kle   []string // local names, then paths, by index
	textPath    []string
	kode, kodeP []string
	klePath     []string
}

func newByHand(tb testing.TB) *byHand {
	loc, err := time.LoadLocation(defaultZone)
	if err != nil {
		tb.Fatal(err)
	}
	h := &byHand{loc: loc, forth: map[string]string{"OPR": "Opstaaet", "OPL": "Oplyst", "AFG": "Afgjort"}, back: map[string]string{}}
	for k, v := range h.forth {
		h.back[v] = k
	}
	for i := range 12 {
		h.text, h.textPath = append(h.text, fmt.Sprint("TEKST", i)), append(h.textPath, fmt.Sprint("egenskaber.tekst", i))
	}
	for i := range 3 {
		h.kode, h.kodeP = append(h.kode, fmt.Sprint("KODE", i)), append(h.kodeP, fmt.Sprint("tilstande.kode", i))
		h.kle, h.klePath = append(h.kle, fmt.Sprint("KLE", i)), append(h.klePath, fmt.Sprint("relationer.klasse", i))
	}
	return h
}

func (h *byHand) toOIO(f map[string]string) (map[string]string, error) {
	oio := make(map[string]string, 25)
	for i, felt := range h.text {
		if len([]rune(f[felt])) > 255 {
			return nil, fmt.Errorf("%s is too long", felt)
		}
		oio[h.textPath[i]] = f[felt]
	}
	for i, felt := range h.kode {
		oio[h.kodeP[i]] = h.forth[f[felt]]
		oio[h.klePath[i]] = "urn:oio:kle:" + f[h.kle[i]]
	}
	for _, i := range []string{"0", "1"} {
		d, err := time.Parse("02-01-2006", f["DATO"+i])
		if err != nil {
			return nil, err
		}
		oio["egenskaber.dato"+i] = d.Format("2006-01-02")
		n, err := strconv.ParseInt(f["HELTAL"+i], 10, 64)
		if err != nil {
			return nil, err
		}
		oio["egenskaber.heltal"+i] = strconv.FormatInt(n, 10)
	}
	at, err := time.ParseInLocation("02-01-2006 15:04:05", f["TID"], h.loc)
	if err != nil {
		return nil, err
	}
	oio["egenskaber.tid"] = at.Format(time.RFC3339)
	if _, err := strconv.ParseFloat(f["TAL"], 64); err != nil {
		return nil, err
	}
	oio["egenskaber.tal"] = f["TAL"]
	b, err := strconv.ParseBool(f["BOOLSK"])
	oio["egenskaber.boolsk"] = strconv.FormatBool(b)
	return oio, err
}

func (h *byHand) toSystem(oio map[string]string) (map[string]any, error) {
	f := make(map[string]any, 25)
	for i, felt := range h.text {
		f[felt] = oio[h.textPath[i]]
	}
	for i, felt := range h.kode {
		f[felt] = h.back[oio[h.kodeP[i]]]
		f[h.kle[i]] = strings.TrimPrefix(oio[h.klePath[i]], "urn:oio:kle:")
	}
	for _, i := range []string{"0", "1"} {
		d, err := time.Parse("2006-01-02", oio["egenskaber.dato"+i])
		if err != nil {
			return nil, err
		}
		f["DATO"+i] = d.Format("02-01-2006")
		if f["HELTAL"+i], err = strconv.ParseInt(oio["egenskaber.heltal"+i], 10, 64); err != nil {
			return nil, err
		}
	}
	at, err := time.Parse(time.RFC3339, oio["egenskaber.tid"])
	if err != nil {
		return nil, err
	}
	f["TID"] = at.In(h.loc).Format("02-01-2006 15:04:05")
	if f["TAL"], err = strconv.ParseFloat(oio["egenskaber.tal"], 64); err != nil {
		return nil, err
	}
	f["BOOLSK"], err = strconv.ParseBool(oio["egenskaber.boolsk"])
	return f, err
}

// The raw limit is one only while it does the same work.
func TestByHandDoesTheSame(t *testing.T) {
	t.Parallel()
	table, hand, record := mustLoad(t, benchRows()), newByHand(t), benchRecord()
	if n := len(table.Rows()); n != 25 || n != len(record) {
		t.Fatalf("%d rows and %d fields, want 25", n, len(record))
	}
	oio, _, err := table.ToOIO(Record{Fields: record})
	want, wantErr := hand.toOIO(record)
	if err != nil || wantErr != nil || !maps.Equal(oio, want) {
		t.Errorf("in: %v, %v\n%v\n%v", err, wantErr, oio, want)
	}
	got, err := table.ToSystem(Document{OIO: oio})
	back, backErr := hand.toSystem(oio)
	if err != nil || backErr != nil || !maps.Equal(got, back) {
		t.Errorf("out: %v, %v\n%v\n%v", err, backErr, got, back)
	}
}

func BenchmarkToOIO(b *testing.B) {
	table, hand, record := mustLoad(b, benchRows()), newByHand(b), benchRecord()
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := table.ToOIO(Record{Fields: record}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := hand.toOIO(record); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkToSystem(b *testing.B) {
	table, hand := mustLoad(b, benchRows()), newByHand(b)
	oio, err := hand.toOIO(benchRecord())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := table.ToSystem(Document{OIO: oio}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := hand.toSystem(oio); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What one computed field adds to a record of 25 fields.
func BenchmarkComputed(b *testing.B) {
	table := computed(b, `"%s (%s)" % (post["TEKST0"].strip(), post["KODE0"])`)
	record := benchRecord()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := table.ToOIO(Record{Fields: record}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	src := []byte(tableOf(benchRows()))
	for b.Loop() {
		if table, _ := Load("sag.yaml", src); table == nil {
			b.Fatal("does not load")
		}
	}
}
