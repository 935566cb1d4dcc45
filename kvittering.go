package mox

import "time"

// KvitteringArt is what a Kvittering says. spec: mox 51
type KvitteringArt string

// The kinds, in the order they come.
const (
	KvitModtaget   KvitteringArt = "modtaget"          // MOX has taken responsibility
	KvitSendtTil   KvitteringArt = "sendt til"         // matched n abonnementer; 0 = not used. spec: mox 27
	KvitAfleveret  KvitteringArt = "afleveret"         // laid in one receiver's queue
	KvitAccepteret KvitteringArt = "accepteret"        // one receiver has done its part
	KvitAfvist     KvitteringArt = "afvist"            // one receiver said no
	KvitFejlet     KvitteringArt = "fejlet"            // could not be delivered to one receiver
	KvitFrist      KvitteringArt = "frist overskredet" // gyldigTil passed before one receiver had it
)

// Forretning reports whether the Kvittering is a business receipt; the others are technical.
func (k KvitteringArt) Forretning() bool {
	return k == KvitAccepteret || k == KvitAfvist || k == KvitFejlet || k == KvitFrist
}

// Kvittering is one receipt: a row written in the transaction that causes it.
type Kvittering struct {
	BeskedID    BeskedID      `json:"beskedID"`
	Abonnement  AbonnementID  `json:"abonnement,omitempty"` // "" for modtaget and sendt til
	Art         KvitteringArt `json:"art"`
	Antal       int           `json:"antal,omitempty"` // for KvitSendtTil
	Begrundelse string        `json:"begrundelse,omitempty"`
	Tid         time.Time     `json:"tid"`
}
