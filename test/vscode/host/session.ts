describe('session', () => {});
export {};
