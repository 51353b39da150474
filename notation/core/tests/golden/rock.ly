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
  title = "Rock"
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
  \time 4/4 \set Score.currentBarNumber = #1 \mark \markup \box "A" \tempo 4 = 116 s4*4 | % 1
  \noBreak s4*4 | % 2
  \noBreak s4*4 | % 3
  \noBreak s4*4 | % 4
  \break s4*4 | % 5
  \noBreak s4*4 | % 6
  \noBreak s4*4 | % 7
  \noBreak s4*4 | % 8
  \break \mark \markup \box "B" s4*4 | % 9
  \noBreak s4*4 | % 10
  \noBreak s4*4 | % 11
  \break s4*4 | % 12
  \noBreak s4*4 | % 13
  \bar "|."
}
hands = \drummode {
  \override Slur.direction = #DOWN
  cymc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 1
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 2
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 3
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hho8] | % 4
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 5
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 6
  hhc8[ hhc8 <sn hhc>8 hhc8] hhc8[ hhc8 <sn hhc>8 hhc8] | % 7
  sn16[ sn16 sn16 sn16] tomh16[ tomh16 tomh16 tomh16] tomml16[ tomml16 tomml16 tomml16] tomfh16[ tomfh16 tomfh16 tomfh16] | % 8
  cymc8[ cymr8 <sn cymr>8 cymr8] cymr8[ cymr8 <sn cymr>8 cymr8] | % 9
  cymr8[ cymr8 <sn cymr>8 cymr8] cymr8[ cymr8 <sn cymr>8 cymr8] | % 10
  cymr8[ cymr8 <sn cymr>8 cymr8] cymr8[ cymr8 <sn cymr>8 cymr8] | % 11
  cymr8[ cymr8 <sn cymr>8 cymr8] cymr8[ cymr8 <sn cymr>8 cymr8] | % 12
  cymc4 \once \override Rest.staff-position = #0 r4 \once \override Rest.staff-position = #0 r2 | % 13
}
feet = \drummode {
  \override Slur.direction = #UP
  bd4 r4 bd8[ bd8] r4 | % 1
  bd4 r4 bd8[ bd8] r4 | % 2
  bd4 r4 bd8[ bd8] r4 | % 3
  bd8.[ bd16] r4 bd8[ bd8] r4 | % 4
  bd4 r4 bd8[ bd8] r4 | % 5
  bd4 r4 bd8[ bd8] r4 | % 6
  bd4 r4 bd8[ bd8] r4 | % 7
  bd4 bd4 bd4 bd4 | % 8
  bd8[ bd8] r8 bd8 bd8[ bd8] r4 | % 9
  bd8[ bd8] r8 bd8 bd8[ bd8] r4 | % 10
  bd8[ bd8] r8 bd8 bd8[ bd8] r4 | % 11
  bd8[ bd8] r8 bd8 bd8[ bd8] r4 | % 12
  bd4 s4 s2 | % 13
}

\score {
  <<
    \new DrumStaff \with {
      drumStyleTable = #kit
      \remove Time_signature_engraver
      \magnifyStaff #2/3
    } {
      \new DrumVoice = "key" \drummode { \cadenzaOn \omit Stem <cymc>4 \bar "" <hhc>4 \bar "" <hho>4 \bar "" <cymr>4 \bar "" <tomh>4 \bar "" <tomml>4 \bar "" <sn>4 \bar "" <tomfh>4 \bar "" <bd>4 \bar "|." }
    }
    \new Lyrics \with { \override LyricText.font-size = #-2 } \lyricsto "key" { "Crash" "Hi-hat" "Open hi-hat" "Ride" "High tom" "Mid tom" "Snare" "Floor tom" "Kick" }
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
