package crash

import (
	"database/sql"
	"encoding/json"
	"errors"
	"net/url"
	"os/exec"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// mox is the installation under test.
type mox struct {
	t                *testing.T
	binaer, dir, log string
}

// start starts mox serve, to die as ved says where that is not empty, and waits until it is ready.
func (m *mox) start(ved string) *proces {
	m.t.Helper()
	var env []string
	if ved != "" {
		env = []string{"MOX_DRAEB_VED=" + ved}
	}
	var klar struct{ Adresse string }
	return startProces(m.t, m.log, &klar, env, m.binaer, "serve", "--dir", m.dir, "--listen", "127.0.0.1:0", "--json", "--ja")
}

// serve starts mox serve, to be stopped.
func (m *mox) serve() (stop func()) {
	m.t.Helper()
	return m.start("").stop
}

// kommando runs one of the operator's commands, and reads what it prints into ud, which may be nil.
func (m *mox) kommando(ud any, args ...string) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), m.binaer, append(args, "--dir", m.dir, "--json")...)
	svar, err := cmd.Output()
	if e := new(exec.ExitError); errors.As(err, &e) {
		m.t.Fatalf("mox %v: %v\n%s", args, err, e.Stderr)
	}
	if err == nil && ud != nil {
		err = json.Unmarshal(svar, ud)
	}
	if err != nil {
		m.t.Fatalf("mox %v: %v", args, err)
	}
}

// status is what mox status tells.
type status struct {
	AabneFejl int `json:"aabne_fejl"`
	Modtagere []struct {
		Venter          int `json:"venter"`
		Blokeret        int `json:"blokeret"`
		KraeverHandling int `json:"kraever_handling"`
		Leveret         int `json:"leveret"`
	} `json:"modtagere"`
	Processer []struct {
		Navn      string `json:"navn"`
		Startet   int    `json:"startet"`
		Afsluttet int    `json:"afsluttet"`
	} `json:"processer"`
	Fejl json.RawMessage `json:"fejl"`
}

// iGang is how many leverancer move by themselves.
func (s status) iGang() (n int) {
	for _, m := range s.Modtagere {
		n += m.Venter - m.Blokeret
	}
	return n
}

func (s status) kraeverHandling() (n int) {
	for _, m := range s.Modtagere {
		n += m.KraeverHandling
	}
	return n
}

func (s status) leveret() (n int) {
	for _, m := range s.Modtagere {
		n += m.Leveret
	}
	return n
}

const (
	standFrist  = 3 * time.Minute // longer than a dead process's lease
	kigPause    = 200 * time.Millisecond
	roligIGange = 5 // looks in a row
)

// falderTilRo waits until nothing moves any more, however long that takes, and gives the last status. It fails when nothing
// has been delivered for a while and something still moves.
func (m *mox) falderTilRo(s *systemer) status {
	m.t.Helper()
	tik := time.NewTicker(kigPause)
	defer tik.Stop()
	frist, leveret := time.Now().Add(standFrist), -1
	for rolige := 0; ; <-tik.C {
		var st status
		m.kommando(&st, "status")
		if rolige++; st.iGang() > 0 || !s.rolige() {
			rolige = 0
		}
		if rolige == roligIGange {
			return st
		}
		if n := st.leveret(); n != leveret {
			frist, leveret = time.Now().Add(standFrist), n
		}
		if time.Now().After(frist) {
			m.t.Fatalf("%d leverancer still move, and none has been delivered for %s", st.iGang(), standFrist)
		}
	}
}

// operator answers what only a person can: whether a registered letter was sent.
type operator struct {
	*mox
	post string // the mail service's database
}

// fejlliste is what mox fejl list tells.
type fejlliste struct {
	Fejl []struct {
		ID   int64  `json:"id"`
		Kode string `json:"kode"`
	} `json:"fejl"`
}

// afgoerUvisse looks up every letter whose outcome MOX does not know, and answers.
func (o operator) afgoerUvisse() (skete, sketeIkke int) {
	o.t.Helper()
	for {
		var l fejlliste
		o.kommando(&l, "fejl", "list", "--abonnement", "forsendelse.rekommanderet")
		if len(l.Fejl) == 0 {
			return skete, sketeIkke
		}
		for _, f := range l.Fejl {
			if o.afgoer(strconv.FormatInt(f.ID, 10)) {
				skete++
			} else {
				sketeIkke++
			}
		}
	}
}

// afgoer answers one, and reports whether the letter was sent.
func (o operator) afgoer(id string) bool {
	o.t.Helper()
	var i struct {
		Vaerdier map[string]string `json:"vaerdier"`
	}
	o.kommando(&i, "fejl", "indhold", id, "--begrundelse", "ser efter, om brevet blev sendt")
	nr, revision := i.Vaerdier["egenskaber.integrationsdata"], i.Vaerdier["egenskaber.major"]
	if nr == "" || revision == "" {
		o.t.Fatalf("fejl %s does not tell which letter it is about: %v", id, i.Vaerdier)
	}
	stregkode, dato, sendt := o.sendt(nr, revision)
	if !sendt {
		o.kommando(nil, "fejl", "skete-ikke", id, "--begrundelse", "brevet står ikke i Forsendelses log")
		return false
	}
	o.kommando(nil, "fejl", "skete", id, "--felt", "Stregkode="+stregkode, "--felt", "AfsendtDato="+dato, "--begrundelse", "brevet står i Forsendelses log")
	return true
}

// sendt asks the mail service's log for the letter of a document's revision.
func (o operator) sendt(nr, revision string) (stregkode, dato string, ok bool) {
	o.t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: o.post, RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}).String())
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close() // nothing was written
	err = db.QueryRowContext(o.t.Context(), `SELECT svar, substr(tid, 1, 10) FROM forsendelseslog
		WHERE operation = 'SendRekommanderet' AND nr = ? AND revision = ?`, nr, revision).Scan(&stregkode, &dato)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", false
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return stregkode, dato, true
}
