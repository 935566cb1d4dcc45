package maaling

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/disk"
	"github.com/moxkit/mox/store"
)

// laesefrist is how long the database may take to tell how everything stands.
const laesefrist = 10 * time.Second

// stand tells how everything stands when it is asked. To count every leverance costs more the more there are, so it reads no
// oftener than takes a tenth of the database's time.
type stand struct {
	d      *distributor.Distributor
	m      *Maaling
	felter felter

	mu      sync.Mutex
	sidst   distributor.Overblik
	gyldigt time.Time
}

// felter are what it tells.
type felter struct {
	svarer, processer, beskeder                                          *prometheus.Desc
	leverancer, klar, blokeret, aeldste, pause, kraever, leveret, hentet *prometheus.Desc
	fejl, alarmer                                                        *prometheus.Desc
	kontakt, fejlITraek, sidsteFejl, kildeLaest                          *prometheus.Desc
	ledig, ialt                                                          *prometheus.Desc
}

func nyeFelter() felter {
	f := func(navn, hjaelp string, etiketter ...string) *prometheus.Desc {
		return prometheus.NewDesc(navn, hjaelp, etiketter, nil)
	}
	return felter{
		svarer:     f("mox_database_svarer", "1, når databasen svarer; ellers 0, og så mangler det, der står i den."),
		processer:  f("mox_processer", "MOX-processer, der arbejder på databasen."),
		beskeder:   f("mox_beskeder_total", "Beskeder, MOX har modtaget."),
		leverancer: f("mox_leverancer", "Leveringer efter tilstand.", "abonnement", "tilstand"),
		klar:       f("mox_koe_klar", "Leveringer, der venter på ingen andre end modtageren.", "abonnement"),
		blokeret:   f("mox_koe_blokeret", "Leveringer, der venter bag en tidligere om det samme objekt.", "abonnement"),
		aeldste:    f("mox_koe_aeldste_seconds", "Alder af den ældste levering, der ikke er løst; 0, når der ingen er.", "abonnement"),
		pause:      f("mox_koe_paa_pause", "1, når abonnementet er på pause.", "abonnement"),
		kraever:    f("mox_koe_kraever_handling", "Leveringer, som en person skal afgøre.", "abonnement"),
		leveret:    f("mox_leveret_total", "Leveringer, der er leveret eller lagt i modtagerens kø.", "abonnement"),
		hentet:     f("mox_koe_hentet_alder_seconds", "Tid, siden nogen sidst spurgte efter abonnementets leveringer, på et minut nær; mangler, når ingen har.", "abonnement"),
		fejl:       f("mox_fejl_aabne", "Fejl til behandling.", "ansvar"),
		alarmer:    f("mox_alarmer_aabne", "Alarmer, der står.", "regel"),
		kontakt:    f("mox_kilde_kontakt_alder_seconds", "Tid, siden kilden sidst blev læst uden fejl, også når der intet nyt var.", "agent", "kilde"),
		fejlITraek: f("mox_kilde_fejl_i_traek", "Læsninger, der er mislykkedes siden da.", "agent", "kilde"),
		sidsteFejl: f("mox_kilde_sidste_fejl_timestamp_seconds", "Hvornår kilden sidst ikke kunne læses; mangler, når det aldrig er sket.", "agent", "kilde"),
		kildeLaest: f("mox_kilde_poster_total", "Poster, der er læst af kilden.", "agent", "kilde"),
		ledig:      f("mox_disk_ledig_bytes", "Ledig plads på disken med mappen.", "mappe"),
		ialt:       f("mox_disk_bytes", "Størrelsen af disken med mappen.", "mappe"),
	}
}

// Describe is that of [prometheus.Collector]. It tells nothing: which figures there are depends on the database's answer.
func (s *stand) Describe(chan<- *prometheus.Desc) {}

// Collect is that of [prometheus.Collector]. spec: mox 50
func (s *stand) Collect(ud chan<- prometheus.Metric) {
	u := udgang{ud}
	s.diske(u)
	ctx, slut := context.WithTimeout(context.Background(), laesefrist)
	defer slut()
	o, err := s.hent(ctx)
	if err != nil {
		u.maal(s.felter.svarer, 0)
		return
	}
	nu := s.m.o.Nu()
	u.maal(s.felter.svarer, 1)
	u.maal(s.felter.processer, float64(o.Inkarnationer))
	u.tael(s.felter.beskeder, float64(o.Beskeder))
	s.koeer(u, &o, nu)
	s.kilder(u, o.Kilder, nu)
	s.fejl(u, &o)
}

func (s *stand) hent(ctx context.Context) (distributor.Overblik, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begyndt := s.m.o.Nu()
	if begyndt.Before(s.gyldigt) {
		return s.sidst, nil
	}
	o, err := s.d.Overblik(ctx)
	if err != nil {
		return o, err
	}
	slut := s.m.o.Nu()
	s.sidst, s.gyldigt = o, slut.Add(10*slut.Sub(begyndt))
	return o, nil
}

// udgang is where figures go.
type udgang struct{ ud chan<- prometheus.Metric }

func (u udgang) maal(d *prometheus.Desc, v float64, etiketter ...string) {
	u.ud <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, etiketter...)
}

func (u udgang) tael(d *prometheus.Desc, v float64, etiketter ...string) {
	u.ud <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, etiketter...)
}

// koe is an abonnement, or several that are told together.
type koe struct {
	antal    map[mox.LeveranceTilstand]int
	blokeret int
	aeldste  time.Duration
	pause    int
	hentet   time.Time // the longest ago, of several
}

func (k *koe) laegTil(st *store.Stand, nu time.Time) {
	for t, n := range st.Antal {
		k.antal[t] += n
	}
	k.blokeret += st.Blokeret
	if !st.Aeldste.IsZero() {
		k.aeldste = max(k.aeldste, nu.Sub(st.Aeldste))
	}
	if st.Pause {
		k.pause = 1
	}
}

func (s *stand) koeer(u udgang, o *distributor.Overblik, nu time.Time) {
	alle := map[string]*koe{}
	hent := func(id mox.AbonnementID) *koe {
		navn := s.m.navne.abonnement(string(id))
		if alle[navn] == nil {
			alle[navn] = &koe{antal: map[mox.LeveranceTilstand]int{}}
		}
		return alle[navn]
	}
	for _, a := range s.d.Abonnementer() {
		hent(a.ID) // also where nothing has come yet
	}
	for id, st := range o.Stande {
		hent(id).laegTil(st, nu)
	}
	for id, t := range o.Hentninger {
		if k := hent(id); k.hentet.IsZero() || t.Before(k.hentet) {
			k.hentet = t
		}
	}
	for navn, k := range alle {
		s.koe(u, navn, k, nu)
	}
}

func (s *stand) koe(u udgang, navn string, k *koe, nu time.Time) {
	for _, t := range mox.LeveranceTilstande() {
		u.maal(s.felter.leverancer, float64(k.antal[t]), navn, string(t))
	}
	venter := k.antal[mox.Afventer] + k.antal[mox.UnderLevering] + k.antal[mox.Udsat]
	u.maal(s.felter.klar, float64(max(0, venter-k.blokeret)), navn)
	u.maal(s.felter.blokeret, float64(k.blokeret), navn)
	u.maal(s.felter.aeldste, k.aeldste.Seconds(), navn)
	u.maal(s.felter.pause, float64(k.pause), navn)
	u.maal(s.felter.kraever, float64(k.antal[mox.Parkeret]+k.antal[mox.Uvis]), navn)
	u.tael(s.felter.leveret, float64(k.antal[mox.Leveret]+k.antal[mox.Overdraget]), navn)
	if !k.hentet.IsZero() {
		u.maal(s.felter.hentet, max(0, nu.Sub(k.hentet)).Seconds(), navn)
	}
}

func (s *stand) kilder(u udgang, l []store.Kilde, nu time.Time) {
	type navn struct{ agent, kilde string }
	alle := map[navn]store.Kilde{}
	for _, k := range l {
		var n navn
		n.agent, n.kilde = s.m.navne.kilde(k.Agent, k.Navn)
		sum, ok := alle[n]
		if !ok {
			alle[n] = k
			continue
		}
		alle[n] = sammen(sum, k)
	}
	for n, k := range alle {
		if !k.Kontakt.IsZero() {
			u.maal(s.felter.kontakt, max(0, nu.Sub(k.Kontakt)).Seconds(), n.agent, n.kilde)
		}
		if !k.FejlTid.IsZero() {
			u.maal(s.felter.sidsteFejl, float64(k.FejlTid.UnixMilli())/1000, n.agent, n.kilde)
		}
		u.maal(s.felter.fejlITraek, float64(k.FejlITraek), n.agent, n.kilde)
		u.tael(s.felter.kildeLaest, float64(k.Laest), n.agent, n.kilde)
	}
}

// sammen is two sources told together: the worst of both.
func sammen(a, b store.Kilde) store.Kilde {
	if b.Kontakt.Before(a.Kontakt) {
		a.Kontakt = b.Kontakt
	}
	if b.FejlTid.After(a.FejlTid) {
		a.FejlTid = b.FejlTid
	}
	a.FejlITraek = max(a.FejlITraek, b.FejlITraek)
	a.Laest += b.Laest
	return a
}

func (s *stand) fejl(u udgang, o *distributor.Overblik) {
	efterAnsvar := map[mox.Ansvar]int{mox.AnsvarAfsender: 0, mox.AnsvarModtager: 0, mox.AnsvarMOX: 0}
	for _, g := range o.Fejl {
		efterAnsvar[g.Ansvar] += g.Antal
	}
	for ansvar, n := range efterAnsvar {
		u.maal(s.felter.fejl, float64(n), string(ansvar))
	}
	efterRegel := map[string]int{}
	for _, a := range o.Alarmer {
		efterRegel[a.Regel]++
	}
	for regel, n := range efterRegel {
		u.maal(s.felter.alarmer, float64(n), regel)
	}
}

func (s *stand) diske(u udgang) {
	for navn, mappe := range s.m.o.Mapper {
		if r, err := disk.Af(mappe); err == nil { // that it cannot be told is an alarm
			u.maal(s.felter.ledig, float64(r.Ledig), navn)
			u.maal(s.felter.ialt, float64(r.Ialt), navn)
		}
	}
}
