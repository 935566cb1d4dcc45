// Package klient sends and receives hændelsesbeskeder at a MOX over HTTP. It is for vendors who write in Go: it brings no server
// and no database with it, and a test tells what it does bring.
//
// The municipality's operators make a key for each system and the abonnementer it has a right to. A sender:
//
//	k, err := klient.New("https://mox.kommune.dk:8481", noegle, klient.Options{})
//	…
//	m, err := k.Send(ctx, mox.Besked{ID: mox.BeskedID(mox.NyUUID()), ObjektID: …, ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, …})
//
// Keep the besked until Send has given no error. After an error that may pass, send the same besked again: it has one effect. What
// became of it is told by [Klient.Beskeder] and [Klient.Uafsluttede]. A receiver:
//
//	err := k.Modtag(ctx, "esdh.sager", func(ctx context.Context, w klient.Arbejde) klient.Udfald {
//		if err := journaliser(ctx, w.Noegle, w.Besked); err != nil {
//			return klient.Midlertidig(0, "journalen svarer ikke")
//		}
//		return klient.Accepteret()
//	})
//
// One who would rather have a loop of their own has [Klient.Hent], [Klient.Forny] and [Klient.Afslut]; one who is called by
// MOX instead has [VerificerPush]; and one who would know whether something is missing has [Klient.Feed] and
// [Klient.Sammendrag]. The calls themselves are in docs/http.da.md.
//
// # Errors
//
// The error of a call is a [*mox.Error]: its Kode decides what a program does ([mox.KodeAf]), Tekst and Raad are for people, and
// Felter tells each broken rule with its place. [mox.KodeUtilgaengelig] is that MOX cannot be reached, or could not answer: the same
// call may be made again, and [mox.Forbigaaende] says of any error whether that may help. When the caller's own context has ended,
// the error is the context's. Neither the key nor an address with its query is ever in an error.
package klient
