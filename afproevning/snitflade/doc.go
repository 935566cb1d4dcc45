// Package snitflade tests another vendor's product from the outside, as one that sends beskeder or one that receives them, over
// AMQP or HTTP. What is tested is data: a [Proeve] says what is done to the product, and what must be seen. A [Profil] says how
// the product is reached and how it is made to do something. [Koer] gives a [Resultat], which is written as JSON, JUnit, HTML
// and PDF, and signed by the vendor with a key of its own ([Underskriv], [Efterproev]).
//
// A case that could not be tried is never passed: it is ikke afprøvet, with the reason.
package snitflade
