package oio

import "github.com/moxkit/mox"

// Status codes that decide what MOX answers and does, of a StandardRetur, the national answer to whoever hands a besked over.
// spec: mox 6.8
const (
	StatusModtaget       = 20
	StatusTokenUdloebet  = 41
	StatusIkkeUnderstoet = 51
	StatusKuvertversion  = 55
)

var standardreturer = map[string]mox.Udfald{
	"20": {Resultat: mox.ResAccepteret, Tekst: "modtaget"},
	"40": {Resultat: mox.ResMidlertidig, Tekst: "modtageren kan ikke modtage nu"},
	"41": {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Tekst: "modtageren kan ikke læse beskeden, eller adgangen er udløbet"},
	"51": {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Tekst: "modtageren understøtter ikke beskeden"},
	"53": {Resultat: mox.ResMidlertidig, Tekst: "modtageren kunne ikke gemme beskeden"},
	"55": {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Tekst: "modtageren understøtter ikke kuvertens version"},
}

// Standardretur is what a StatusKode means for the besked it answers; a code that nobody knows is fejlet, ansvar MOX. KOMBIT
// sends 41 both for a token that ran out and for a besked that cannot be parsed: either way a person must look.
// spec: mox 6.8
func Standardretur(kode string) mox.Udfald {
	u, kendt := standardreturer[kode]
	if !kendt {
		u = mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Tekst: "modtageren svarede med en ukendt StatusKode"}
	}
	u.Kode = kode
	return u
}
