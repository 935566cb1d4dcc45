package crash

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/fejlnet"
	"github.com/moxkit/mox/internal/testenv"
)

const (
	brokerBeskeder = 2000 // where MOX_TRIAL_BESKEDER says nothing else
	brokerObjekter = 200
	brokerFrist    = 5 * time.Minute // without a besked that comes, however slow the machine
	netfejlVarer   = 5 * time.Second
)

// brokerbevis is what the trial prints of itself.
type brokerbevis struct {
	Navn       string         `json:"navn"`
	Beskeder   int            `json:"beskeder"`
	Objekter   int            `json:"objekter"`
	Fejl       map[string]int `json:"fejl"` // what was done on the way, and how many times
	Modtaget   int            `json:"modtaget"`
	Tabt       int            `json:"tabt"`
	Dobbelt    int            `json:"dobbelt_virkning"`
	Uordnet    int            `json:"ude_af_raekkefoelge"`
	GenSendt   int            `json:"gensendt_af_afsender"`
	GenLeveret int            `json:"genleveret_til_modtager"`
	VarighedS  float64        `json:"varighed_s"`
}

// TestBrokerDrab sends beskeder from one foreign AMQP client to another, through a broker, a database and a MOX that are each
// killed with SIGKILL on the way, and started again, over a network that resets, swallows and delays what it carries: none may
// be lost, none have its effect twice, and none come before an earlier one of its objekt.
//
//	MOX_TRIAL_BESKEDER   how many; 2000 where nothing else is said. Each fault happens once for each 2000
func TestBrokerDrab(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 34", "mox 38", "mox 39")
	python := testenv.Pika(t)
	f := &brokerforsoeg{T: t, antal: int(tal(t, "MOX_TRIAL_BESKEDER", brokerBeskeder)), start: time.Now(), sidste: map[string]int{}, sete: map[string]bool{}}
	f.database, f.broker = postgres(t), rabbitmq(t)
	f.databasenet, f.brokernet = fejlnet.New(t, vaert(t, f.database.adresse)), fejlnet.New(t, vaert(t, f.broker.adresse))
	dir := mappe(t)
	byg(t, dir)
	f.opsaet(dir)
	f.koer(python, dir)
}

// brokerforsoeg is the trial on its way.
type brokerforsoeg struct {
	*testing.T
	antal                  int
	database, broker       *tjeneste
	databasenet, brokernet *fejlnet.Proxy // MOX and the two clients reach them through these
	mox                    *mox
	serve                  *proces
	start                  time.Time
	sidste                 map[string]int  // number of the last besked of each objekt
	sete                   map[string]bool // beskedIDs
	b                      brokerbevis
}

// opsaet writes the configuration, starts MOX and makes the abonnement.
func (f *brokerforsoeg) opsaet(dir string) {
	f.Helper()
	f.mox = &mox{t: f.T, binaer: filepath.Join(dir, "bin", "mox"), dir: filepath.Join(dir, "mox"), log: filepath.Join(dir, "mox.log")}
	if err := os.Mkdir(f.mox.dir, 0o700); err != nil {
		f.Fatal(err)
	}
	yaml := fmt.Sprintf("database: %q\namqp:\n  url: %q\n", f.databaseadresse(), f.brokeradresse())
	if err := os.WriteFile(filepath.Join(f.mox.dir, "mox.yaml"), []byte(yaml), 0o600); err != nil {
		f.Fatal(err)
	}
	f.serve = f.mox.start("")
	f.mox.kommando(nil, "abonnement", "opret", "--id", "modtager", "--system", "Modtager", "--carrier", "amqp", "--filter", `{"objekttype":"Sag"}`)
}

// koer lets the beskeder through, kills on the way, and judges.
func (f *brokerforsoeg) koer(python, dir string) {
	f.Helper()
	f.b = brokerbevis{Navn: "broker", Beskeder: f.antal, Objekter: brokerObjekter, Fejl: map[string]int{}}
	var klar struct{ Klar bool }
	forbruger := startProces(f.T, filepath.Join(dir, "forbruger.log"), &klar, nil, python, "testdata/forbruger.py", f.brokeradresse(), "mox.ud.modtager")
	udgiver := startProces(f.T, filepath.Join(dir, "udgiver.log"), &klar, nil, python, "testdata/udgiver.py", f.brokeradresse(), "mox.ind", fmt.Sprint(f.antal), fmt.Sprint(brokerObjekter))
	fejl := slices.Repeat(f.fejl(forbruger), max(1, f.antal/brokerBeskeder))
	for i, x := range fejl {
		f.lad(udgiver, f.antal*(i+1)/(len(fejl)+1))
		f.modtag(forbruger, f.antal*(2*i+1)/(2*len(fejl)+2)) // half of them are somewhere on the way
		f.lad(udgiver, f.antal*(i+2)/(len(fejl)+1))
		x.sker()
		f.b.Fejl[x.navn]++
	}
	f.modtag(forbruger, f.antal)
	var sendt struct{ Sendt, Gentaget int }
	if err := json.Unmarshal([]byte(udgiver.linje(brokerFrist)), &sendt); err != nil || sendt.Sendt != f.antal {
		f.Fatalf("the sender has sent %d: %v", sendt.Sendt, err)
	}
	f.b.GenSendt = sendt.Gentaget
	f.ro()
	forbruger.drab()
	f.rest(forbruger)
	f.serve.stop()
	f.doem()
}

// lad lets the sender have sent n in all.
func (f *brokerforsoeg) lad(udgiver *proces, n int) {
	f.Helper()
	if _, err := fmt.Fprintln(udgiver.ind, n); err != nil {
		f.Fatal(err)
	}
}

// modtag takes what comes until n have.
func (f *brokerforsoeg) modtag(forbruger *proces, n int) {
	f.Helper()
	for f.b.Modtaget < n {
		f.tag(forbruger.linje(brokerFrist))
	}
}

// rest takes what the receiver had said before it was stopped.
func (f *brokerforsoeg) rest(forbruger *proces) {
	f.Helper()
	for {
		select {
		case l := <-forbruger.linjer:
			f.tag(l)
		default:
			return
		}
	}
}

func (f *brokerforsoeg) tag(linje string) {
	f.Helper()
	var x struct {
		Besked, Objekt string
		Nr, Gentaget   int
	}
	if err := json.Unmarshal([]byte(linje), &x); err != nil {
		f.Fatalf("%s: %v", linje, err)
	}
	f.b.Modtaget++
	f.b.GenLeveret = x.Gentaget
	if f.sete[x.Besked] {
		f.b.Dobbelt++
	}
	f.sete[x.Besked] = true
	if x.Nr != f.sidste[x.Objekt]+1 {
		f.b.Uordnet++
		f.Errorf("%s: besked %d came after %d", x.Objekt, x.Nr, f.sidste[x.Objekt])
	}
	f.sidste[x.Objekt] = x.Nr
}

// brokerfejl is something that goes wrong while beskeder are on their way, and is over when sker returns.
type brokerfejl struct {
	navn string
	sker func()
}

func (f *brokerforsoeg) fejl(forbruger *proces) []brokerfejl {
	return []brokerfejl{
		// Not killed first: RabbitMQ 3.10 has left a quorum queue without a leader for good when it was killed a second after
		// the queue was made (rabbitmq-server issue 10070).
		{"rabbitmq uden net", func() { f.net(f.brokernet, fejlnet.Down) }},
		{"rabbitmq dræbt", func() { f.broker.drab(); f.broker.start() }},
		{"mox dræbt", func() { f.serve.drab(); f.serve = f.mox.start("") }},
		{"svar fra postgresql tabt", func() { f.net(f.databasenet, fejlnet.ResetAnswers) }},
		{"postgresql dræbt", func() { f.database.drab(); f.database.start() }},
		{"svar fra rabbitmq tabt", func() { f.net(f.brokernet, fejlnet.ResetAnswers) }},
		{"postgresql uden net", func() { f.net(f.databasenet, fejlnet.Down) }},
		{"rabbitmq tavs", func() { f.net(f.brokernet, fejlnet.Drop) }},
		{"postgresql tavs", func() { f.net(f.databasenet, fejlnet.DropAnswers) }},
		{"langsomt net", func() { f.langsomt(forbruger) }},
	}
}

// net lets a network fail until it has been tried again three times, or for as long as a short fault lasts: who waits for a
// silent network tries nothing.
func (f *brokerforsoeg) net(n *fejlnet.Proxy, m fejlnet.Mode) {
	foer := n.Made()
	n.Set(m)
	kig := time.NewTicker(kigPause)
	defer kig.Stop()
	for frist := time.After(netfejlVarer); n.Made() < foer+3; {
		select {
		case <-kig.C:
		case <-frist:
			n.Set(fejlnet.Pass)
			return
		}
	}
	n.Set(fejlnet.Pass)
}

// langsomt makes both networks slow while a few beskeder come through.
func (f *brokerforsoeg) langsomt(forbruger *proces) {
	f.Helper()
	f.forsink(20 * time.Millisecond)
	f.modtag(forbruger, f.b.Modtaget+10)
	f.forsink(0)
}

func (f *brokerforsoeg) forsink(d time.Duration) {
	f.brokernet.Delay(d)
	f.databasenet.Delay(d)
}

// databaseadresse is the database through its proxy, where MOX reaches it.
func (f *brokerforsoeg) databaseadresse() string {
	return strings.Replace(f.database.adresse, vaert(f.T, f.database.adresse), f.databasenet.Addr(), 1)
}

// brokeradresse is the broker through its proxy, where MOX and the clients reach it.
func (f *brokerforsoeg) brokeradresse() string {
	return strings.Replace(f.broker.adresse, vaert(f.T, f.broker.adresse), f.brokernet.Addr(), 1)
}

// vaert is the "host:port" of a service's address.
func vaert(t *testing.T, adresse string) string {
	t.Helper()
	u, err := url.Parse(adresse)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// ro waits until nothing moves in MOX.
func (f *brokerforsoeg) ro() {
	f.Helper()
	kig := time.NewTicker(kigPause)
	defer kig.Stop()
	for frist := time.After(brokerFrist); ; {
		var st status
		f.mox.kommando(&st, "status")
		if st.iGang() == 0 {
			if st.AabneFejl != 0 || st.kraeverHandling() != 0 {
				f.Errorf("%d open fejl, %d leverancer wait for a person: %s", st.AabneFejl, st.kraeverHandling(), st.Fejl)
			}
			return
		}
		select {
		case <-kig.C:
		case <-frist:
			f.Fatalf("%d leverancer still move", st.iGang())
		}
	}
}

func (f *brokerforsoeg) doem() {
	f.Helper()
	f.b.Tabt = f.antal - len(f.sete)
	f.b.VarighedS = time.Since(f.start).Seconds()
	linje, err := json.Marshal(f.b)
	if err != nil {
		f.Fatal(err)
	}
	f.Logf("bevis: %s", linje)
	if f.b.Tabt != 0 || f.b.Dobbelt != 0 || f.b.Uordnet != 0 || f.b.Modtaget != f.antal {
		f.Errorf("%d of %d came, %d lost, %d twice, %d out of order", f.b.Modtaget, f.antal, f.b.Tabt, f.b.Dobbelt, f.b.Uordnet)
	}
}
