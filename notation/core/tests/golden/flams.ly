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
  title = "Flams, drags, rolls"
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
  \time 4/4 \set Score.currentBarNumber = #1 \tempo 4 = 84 s4*4 | % 1
  \noBreak s4*4 | % 2
  \noBreak \grace s8 s4*4 | % 3
  \noBreak s4*4 | % 4
  \break s4*4 | % 5
  \noBreak s4*4 | % 6
  \noBreak \grace s8 s4*4 | % 7
  \noBreak s4*4 | % 8
  \bar "|."
}
hands = \drummode {
  \override Slur.direction = #DOWN
  hhc8[ hhc8 \acciaccatura sn8 <sn hhc>8 hhc8] hhc8[ hhc8 \appoggiatura { sn16[ sn16] } <sn hhc>8 hhc8] | % 1
  sn8[-"R" sn16-"L" sn16]-"L" sn8[-"R" sn16-"L" sn16]-"L" sn16[-"R" sn16-"L" sn16-"R" sn16]-"R" sn16[-"L" sn16-"R" sn16-"L" sn16]-"L" | % 2
  \acciaccatura sn8 sn8.[ sn16] \acciaccatura sn8 sn8.[ sn16] \acciaccatura sn8 sn8[ \acciaccatura sn8 sn8 \acciaccatura sn8 sn8 \acciaccatura sn8 sn8] | % 3
  sn4:32 \acciaccatura tomfh8 tomfh4 sn4 \acciaccatura sn8 sn8[ tomfh8] | % 4
  hhho8[ hhho8 <\tweak stencil #slashed-head sne hhho>8 hhho8] hhho8[ hhho8] <\tweak stencil #slashed-head sne cymc>4-! | % 5
  \tuplet 5/4 { sn16[ sn16 sn16 sn16 sn16] } \once \override Rest.staff-position = #0 r4 \tuplet 5/4 { sn16[ sn16 sn16 sn16 sn16] } \once \override Rest.staff-position = #0 r4 | % 6
  \acciaccatura sn8 sn8[ \acciaccatura tomh8 tomh8 \acciaccatura tomfh8 tomfh8 sn8] \acciaccatura sn8 sn8[ \acciaccatura tomh8 tomh8 sn8 sn8] | % 7
  cymc4:32 \once \override Rest.staff-position = #0 r4 \once \override Rest.staff-position = #0 r4 \acciaccatura sn8 sn4 | % 8
}
feet = \drummode {
  \override Slur.direction = #UP
  bd4 r4 bd4 r4 | % 1
  bd4 r4 bd4 r4 | % 2
  \grace s8 hhp4 hhp4 hhp4 hhp4 | % 3
  bd4 r4 bd4 r4 | % 4
  bd4 r8 bd8 bd4 r4 | % 5
  bd4 s4 bd4 s4 | % 6
  \grace s8 bd4 bd4 bd4 bd4 | % 7
  bd4 s4 s4 bd4 | % 8
}

\score {
  <<
    \new DrumStaff \with {
      drumStyleTable = #kit
      \remove Time_signature_engraver
      \magnifyStaff #2/3
    } {
      \new DrumVoice = "key" \drummode { \cadenzaOn \omit Stem <cymc>4 \bar "" <hhc>4 \bar "" <hhho>4 \bar "" <tomh>4 \bar "" <sn>4 \bar "" <\tweak stencil #slashed-head sne>4 \bar "" <tomfh>4 \bar "" <bd>4 \bar "" <hhp>4 \bar "|." }
    }
    \new Lyrics \with { \override LyricText.font-size = #-2 } \lyricsto "key" { "Crash" "Hi-hat" "Half-open hi-hat" "High tom" "Snare" "Rim shot" "Floor tom" "Kick" "Pedal hi-hat" }
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
