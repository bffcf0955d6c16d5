//! Journeys across the rooms.
