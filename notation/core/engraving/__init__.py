"""From engraved events to pages and screens: lines, MEI, Verovio, SVG, PDF, the gig chart."""
