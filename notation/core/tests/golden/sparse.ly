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
  title = "Sparse"
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
  \time 4/4 \set Score.currentBarNumber = #1 \tempo 4 = 92 s4*4*4 | % 1
  \noBreak s4*4 | % 5
  \noBreak s4*4*7 | % 6
  \break \mark \markup \box "A" s4*4 | % 13
  \noBreak s4*4 | % 14
  \noBreak s4*4 | % 15
  \noBreak s4*4 | % 16
  \break s4*4 | % 17
  \noBreak s4*4 | % 18
  \bar "|."
}
hands = \drummode {
  \override Slur.direction = #DOWN
  R4*4*4 | % 1
  cyms4 \once \override Rest.staff-position = #0 r4 \once \override Rest.staff-position = #0 r2 | % 5
  R4*4*7 | % 6
  r2 ss4 r4 | % 13
  r2 ss4 r4 | % 14
  cb4 \once \override Rest.staff-position = #0 r4 cb4 \once \override Rest.staff-position = #0 r4 | % 15
  R4*4 | % 16
  cymc4 \once \override Rest.staff-position = #0 r4 r4 r8 sn8 | % 17
  cymc4:32 \once \override Rest.staff-position = #0 r4 \once \override Rest.staff-position = #0 r2 | % 18
}
feet = \drummode {
  \override Slur.direction = #UP
  s4*4*4 | % 1
  bd4 s4 s2 | % 5
  s4*4*7 | % 6
  bd4 s4 r2 | % 13
  bd4 s4 r4 bd4 | % 14
  s4*4 | % 15
  s4*4 | % 16
  bd4 s4 r2 | % 17
  bd4 s4 s2 | % 18
}

\score {
  <<
    \new DrumStaff \with {
      drumStyleTable = #kit
      \remove Time_signature_engraver
      \magnifyStaff #2/3
    } {
      \new DrumVoice = "key" \drummode { \cadenzaOn \omit Stem <cyms>4 \bar "" <cymc>4 \bar "" <cb>4 \bar "" <ss>4 \bar "" <sn>4 \bar "" <bd>4 \bar "|." }
    }
    \new Lyrics \with { \override LyricText.font-size = #-2 } \lyricsto "key" { "Splash" "Crash" "Cowbell" "Side stick" "Snare" "Kick" }
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
