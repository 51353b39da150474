\version "2.25.12"
#(set-global-staff-size 18)

#(define (slashed-head grob)
   (let* ((head (ly:note-head::print grob))
          (x (ly:stencil-extent head X))
          (y (ly:stencil-extent head Y)))
     (ly:stencil-add
       head
       (make-line-stencil 0.13 (- (car x) 0.3) (- (car y) 0.25) (+ (cdr x) 0.3) (+ (cdr y) 0.25)))))

\paper {
  #(set-paper-size "a4")
  top-margin = 12\mm
  bottom-margin = 12\mm
  left-margin = 14\mm
  right-margin = 12\mm
  indent = 0
  print-first-page-number = ##f
  system-system-spacing.padding = #3
}

\header {
  title = "Seven"
  composer = "drumsite"
  tagline = ##f
}

kit = #(alist->hash-table '(
  (bassdrum () #f -3)
  (snare () #f 1)
  (sidestick cross #f 1)
  (closedhihat cross #f 5)
  (pedalhihat cross #f -5)
  (hightom () #f 3)
  (lowmidtom () #f 2)
  (highfloortom () #f -1)
  (crashcymbal cross #f 6)
  (ridecymbal cross #f 4)
  (ridebell diamond #f 4)
  (chinesecymbal xcircle #f 8)
  (splashcymbal diamond #f 7)
  (cowbell triangle #f 3)
  (tambourine cross #f 7)
  (handclap cross #f 3)
  (openhihat cross open 5)
  (halfopenhihat cross halfopen 5)
  (electricsnare () #f 1)
))

structure = {
  \time 7/8 \set Score.currentBarNumber = #1 \tempo 4 = 132 s4*7/2 | % 1
  \noBreak s4*7/2 | % 2
  \noBreak s4*7/2 | % 3
  \noBreak s4*7/2 | % 4
  \bar "|."
}
hands = \drummode {
  \override Slur.direction = #DOWN
  hhc8[ hhc8] <sn hhc>8[ hhc8] hhc8[ <sn hhc>8 hhc8] | % 1
  hhc8[ hhc8] <sn hhc>8[ hhc16 hhc16] hhc8[ <sn hhc>8 hhc16 <\parenthesize sn>16] | % 2
  hhc8[ hhc8] <sn hhc>8[ hhc8] hhc8[ <sn hhc>8 hhc8] | % 3
  sn16[ sn16 sn16 sn16] sn16[ sn16 sn16 sn16] tomh16[ tomh16 tomh16 tomfh16 tomfh16 tomfh16] | % 4
}
feet = \drummode {
  \override Slur.direction = #UP
  bd4 r8 bd8 r4. | % 1
  bd4 r8 bd8 bd4. | % 2
  bd4 r8 bd8 r4. | % 3
  bd4 bd4 bd4. | % 4
}

\score {
  <<
    \new DrumStaff \with {
      drumStyleTable = #kit
      \remove Time_signature_engraver
      \magnifyStaff #2/3
    } {
      \new DrumVoice = "key" \drummode { \cadenzaOn \omit Stem <hhc>4 \bar "" <tomh>4 \bar "" <sn>4 \bar "" <tomfh>4 \bar "" <bd>4 \bar "|." }
    }
    \new Lyrics \with { \override LyricText.font-size = #-2 } \lyricsto "key" { "Hi-hat" "High tom" "Snare" "Floor tom" "Kick" }
  >>
  \layout { ragged-right = ##t }
}

\score {
  \new DrumStaff \with { drumStyleTable = #kit \numericTimeSignature } <<
    { \structure }
    \new DrumVoice = "hands" { \voiceOne \hands }
    \new DrumVoice = "feet" { \voiceTwo \feet }
  >>
  \layout {
    \context {
      \Score
      skipBars = ##t
      \override MultiMeasureRest.staff-position = #0
      \override MultiMeasureRest.expand-limit = #1
      \override Script.avoid-slur = #'outside
    }
    \context {
      \DrumVoice
      autoBeaming = ##f
      \override TextScript.font-size = #-2
      \override TupletBracket.bracket-visibility = #'if-no-beam
      \override Beam.concaveness = #10000  % level, however far apart the drums are
    }
  }
}
