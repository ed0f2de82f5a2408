// Whether the reader's device asks for dark colours, as the map and its legends need to know it too.

const asked = matchMedia('(prefers-color-scheme: dark)');

class Dark {
  on = $state(asked.matches);

  constructor() {
    asked.addEventListener('change', () => (this.on = asked.matches));
  }
}

export const dark = new Dark();
