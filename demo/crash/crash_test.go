// Package crash kills MOX while cases flow, again and again, and looks at what the three vendors' own logs then say: every
// version that was exported must be complete, and nothing may have happened twice.
//
// The test knows MOX as an operator does: by its binary, its folder and its commands.
//
//	MOX_CRASH_ROUNDS   how many kills; 100 where nothing else is said
//	MOX_CRASH_SEED     draws the same points again; a run prints its own
package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/demo/kontrol"
	"github.com/moxkit/mox/demo/opsaetning"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
)

// mellem is a kill from outside, whatever MOX is doing just then.
const mellem = "mellem"

// hoejst is, for each point of package draeb, how many passes of it a process may be given before it dies there. Few where
// only a new export leads there.
var hoejst = map[string]int{
	"accept.foer":    3,
	"accept.efter":   3,
	"kilde.mellem":   3,
	"forsoeg.efter":  40,
	"virkning.efter": 40, // after the effect, before Done
	"done.i":         40, // inside Done's transaction
	"done.efter":     40,
	mellem:           0,
}

const (
	laengsteLiv   = 10 * time.Second // of a process that does not come to its point: the cases have run dry
	mellemLiv     = 700 * time.Millisecond
	forsoegPrDrab = 3
)

// bevis is what the test prints of itself.
type bevis struct {
	Navn            string         `json:"navn"`
	Seed            uint64         `json:"seed"`
	Runder          int            `json:"runder"`
	Drab            map[string]int `json:"drab"`
	IkkeNaaet       int            `json:"ikke_naaet"` // processes that did not come to their point, and were killed all the same
	Objekter        int            `json:"objekter"`
	Versioner       int            `json:"versioner"`
	Komplette       int            `json:"komplette"`
	Tabt            int            `json:"tabt"`
	DobbeltVirkning int            `json:"dobbelt_virkning"`
	Skete           int            `json:"uvis_skete"`
	SketeIkke       int            `json:"uvis_skete_ikke"`
	DrabS           float64        `json:"drab_s"`
	VarighedS       float64        `json:"varighed_s"`
}

func TestCrash(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 34", "mox 38", "mox 39")
	dir := mappe(t)
	byg(t, dir)
	koer(t, dir, "crash", runder(t), "")
}

// TestCrashPostgreSQL: there the folder does not prove that an earlier process is dead, so what it had begun is held until
// its lease has run out. A tenth of the kills are enough to see that.
func TestCrashPostgreSQL(t *testing.T) {
	t.Parallel()
	database := testenv.Postgres(t)
	dir := mappe(t)
	byg(t, dir)
	koer(t, dir, "crash_postgresql", max(runder(t)/10, len(hoejst)), database)
}

func runder(t *testing.T) int {
	t.Helper()
	return int(tal(t, "MOX_CRASH_ROUNDS", 100))
}

// koer kills MOX that many times, lets it finish, plays the operator, and judges.
func koer(t *testing.T, dir, navn string, runder int, database string) {
	t.Helper()
	start := time.Now()
	b := bevis{Navn: navn, Seed: tal(t, "MOX_CRASH_SEED", uint64(start.UnixNano())), Runder: runder, Drab: map[string]int{}}
	t.Logf("MOX_CRASH_SEED=%d", b.Seed)
	s := startSystemer(t, dir, b.Seed, 8*b.Runder)
	m := opsaet(t, dir, s, database)

	rng := rand.New(rand.NewPCG(b.Seed, 9))
	for _, punkt := range traek(rng, b.Runder) {
		b.IkkeNaaet += m.drab(rng, punkt)
		b.Drab[punkt]++
	}
	b.DrabS = time.Since(start).Seconds()
	s.slutHistorien()
	o := operator{mox: m, post: filepath.Join(s.dir, "forsendelse", "forsendelse.db")}
	stop := m.serve()
	m.falderTilRo(s)
	b.Skete, b.SketeIkke = o.afgoerUvisse()
	slut := m.falderTilRo(s)
	stop()
	s.stop()

	r, err := kontrol.Check(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	b.Objekter, b.Versioner, b.Komplette, b.Tabt, b.DobbeltVirkning = r.Objekter, r.Versioner, r.Komplette, r.Tabt, r.DobbeltVirkning
	b.VarighedS = time.Since(start).Seconds()
	linje, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bevis: %s", linje)
	doem(t, b, r, slut)
}

// opsaet writes the configuration.
func opsaet(t *testing.T, dir string, s *systemer, database string) *mox {
	t.Helper()
	m := &mox{t: t, binaer: filepath.Join(dir, "bin", "mox"), dir: filepath.Join(dir, "mox"), log: filepath.Join(dir, "mox.log")}
	err := opsaetning.Write(m.dir, map[string]string{"BYGGESAG": filepath.Join(s.dir, "byggesag"), "ESDH": s.ESDH, "FORSENDELSE": s.Forsendelse})
	if err != nil {
		t.Fatal(err)
	}
	if database != "" {
		ret(t, filepath.Join(m.dir, "mox.yaml"), "processer:", fmt.Sprintf("database: %q\nprocesser:", database))
		// A case that a dead process had begun is held for a minute. Its documents must wait longer than that for it; the
		// demonstration, which is to end soon, gives them less.
		ret(t, filepath.Join(m.dir, "esdh", "agent.yaml"), "forsoeg: 15,", "forsoeg: 90,")
	}
	return m
}

// ret changes the configuration.
func ret(t *testing.T, fil, fra, til string) {
	t.Helper()
	b, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	ny := strings.ReplaceAll(string(b), fra, til)
	if ny == string(b) {
		t.Fatalf("%s has no %q", fil, fra)
	}
	if err := os.WriteFile(fil, []byte(ny), 0o600); err != nil {
		t.Fatal(err)
	}
}

// doem holds the result against the promise.
func doem(t *testing.T, b bevis, r kontrol.Result, s status) {
	t.Helper()
	if r.Tabt != 0 || r.DobbeltVirkning != 0 || r.Versioner == 0 || r.Komplette != r.Versioner {
		t.Errorf("%d versions, %d complete, %d lost, %d effects too many", r.Versioner, r.Komplette, r.Tabt, r.DobbeltVirkning)
		for _, m := range r.Mangler {
			t.Errorf("lost: %s lacks %v", m.Version, m.Mangler)
		}
		for _, d := range r.Dobbelte {
			t.Errorf("more than once: %s of %s, %d times", d.Operation, d.Version, d.Gange)
		}
	}
	if s.AabneFejl != 0 || s.kraeverHandling() != 0 {
		t.Errorf("%d open fejl, %d leverancer wait for a person; a kill must leave none but uncertain ones: %s", s.AabneFejl, s.kraeverHandling(), s.Fejl)
	}
	for _, p := range s.Processer {
		if p.Startet == 0 || p.Afsluttet != p.Startet {
			t.Errorf("of %d processes %s %d are ended", p.Startet, p.Navn, p.Afsluttet)
		}
	}
	for punkt := range hoejst {
		if b.Drab[punkt] < b.Runder/10 {
			t.Errorf("%d kills at %s of %d", b.Drab[punkt], punkt, b.Runder)
		}
	}
}

// traek gives each point a tenth of the kills, the rest by lot, in an order by lot.
func traek(rng *rand.Rand, runder int) []string {
	navne := slices.Sorted(maps.Keys(hoejst))
	var ud []string
	for _, n := range navne {
		ud = append(ud, slices.Repeat([]string{n}, runder/10)...)
	}
	for len(ud) < runder {
		ud = append(ud, navne[rng.IntN(len(navne))])
	}
	rng.Shuffle(len(ud), func(i, j int) { ud[i], ud[j] = ud[j], ud[i] })
	return ud
}

// byg builds the two programs into dir/bin.
func byg(t *testing.T, dir string) {
	t.Helper()
	ud, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin")+string(filepath.Separator),
		"github.com/moxkit/mox/cmd/mox", "github.com/moxkit/mox/demo/cmd/systemer").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, ud)
	}
}

// mappe is a folder that is left when the test fails, so that one can see what happened.
func mappe(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mox-crash-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("everything is in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func tal(t *testing.T, variabel string, ellers uint64) uint64 {
	t.Helper()
	v := os.Getenv(variabel)
	if v == "" {
		return ellers
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n == 0 {
		t.Fatalf("%s=%q is not a number from 1", variabel, v)
	}
	return n
}

// drab runs MOX until it dies at the point, and tells how many processes did not come to it in time.
func (m *mox) drab(rng *rand.Rand, punkt string) (ikkeNaaet int) {
	m.t.Helper()
	if punkt == mellem {
		p := m.start("")
		p.lev(time.Duration(rng.Int64N(int64(mellemLiv))))
		p.drab()
		return 0
	}
	antal := 1 + rng.IntN(hoejst[punkt])
	for ikkeNaaet < forsoegPrDrab {
		p := m.start(fmt.Sprintf("%s:%d", punkt, antal))
		if p.lev(laengsteLiv) {
			p.doedAfSIGKILL()
			return ikkeNaaet
		}
		p.drab()
		ikkeNaaet, antal = ikkeNaaet+1, 1
	}
	m.t.Fatalf("MOX lived %s %d times without coming to %s; see %s", laengsteLiv, forsoegPrDrab, punkt, m.log)
	return ikkeNaaet
}
